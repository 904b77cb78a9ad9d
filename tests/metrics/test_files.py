"""Every file format, and files that are not what they say."""

import json

import pytest

from lrcn_seq.errors import DataError
from lrcn_seq.metrics.scoring.caption_files import Lines, read_hypotheses, read_references


def write(path, content):
    """A file of text, or of JSON."""
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_hypotheses_are_read_from_all_three_formats(tmp_path):
    """COCO results, JSON lines, text with Windows line ends and a byte order mark."""
    wanted = {"1": "a dog", "2": "ein Hündchen"}
    coco = write(
        tmp_path / "h.json",
        [{"image_id": 1, "caption": "a dog"}, {"image_id": 2, "caption": "ein Hündchen"}],
    )
    lines = write(
        tmp_path / "h.jsonl",
        '{"id": "1", "caption": "a dog"}\n{"id": 2, "caption": "ein Hündchen", "score": 1}\n\n',
    )
    text = write(tmp_path / "h.txt", "\ufeffa dog\r\nein Hündchen\r\n")
    assert read_hypotheses(coco) == read_hypotheses(lines) == read_hypotheses(text) == wanted
    assert isinstance(read_hypotheses(text), Lines)


def test_references_are_read_from_all_four_formats(tmp_path):
    """COCO annotations, an object, JSON lines, and text files side by side."""
    wanted = {"1": ["a", "b"], "2": ["c", "d"]}
    coco = write(
        tmp_path / "c.json",
        {
            "images": [{"id": 1}],
            "annotations": [
                {"image_id": i, "caption": c} for i, c in ((1, "a"), (2, "c"), (1, "b"), (2, "d"))
            ],
        },
    )
    plain = write(tmp_path / "r.json", wanted)
    lines = write(
        tmp_path / "r.jsonl",
        "\n".join(
            json.dumps({"id": int(name), "captions": group}) for name, group in wanted.items()
        ),
    )
    texts = [write(tmp_path / "r1.txt", "a\nc\n"), write(tmp_path / "r2.txt", "b\nd")]
    assert (
        read_references([coco])
        == read_references([plain])
        == read_references([lines])
        == read_references(texts)
        == wanted
    )


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("h.json", "{", "expected JSON. Received: Expecting"),
        (
            "h.json",
            [{"image_id": 1, "caption": "a"}, {"image_id": "1", "caption": "b"}],
            "every id once. Received: '1' twice",
        ),
        ("h.json", [{"image_id": 1, "text": "a"}], "a row with image_id, text, without caption"),
        (
            "h.json",
            [{"image_id": 1, "caption": ["a"]}],
            "expected a sentence for each id. Received: 1=",
        ),
        (
            "h.json",
            [{"image_id": None, "caption": "a"}],
            "strings or whole numbers. Received: None",
        ),
        ("h.json", {"1": ["a"]}, "expected COCO results.*an object with 1"),
        ("h.json", [], "at least one hypothesis. Received: none"),
        ("h.jsonl", '{"id": 1, "caption": "a"}\nno', "line 2: expected a JSON object"),
        ("h.jsonl", "[1]", "line 1: expected a JSON object. Received: '\\[1\\]'"),
        ("h.json", "", "expected sentences. Received: an empty file"),
        ("h.json", "[" * 100_000, "expected JSON. Received"),
        (
            "h.json",
            [{"image_id": 1, "caption": {"text": "a"}}],
            "expected a sentence for each id. Received: 1=an object with text",
        ),
        ("h.txt", "", "expected sentences. Received: an empty file"),
        (
            "h.txt",
            "image,caption\n1_a.jpg,A dog .",
            "a sentence a line. Received: files with captions \\('1_a.jpg,A dog",
        ),
        (
            "h.csv",
            "id,caption\n1,a dog",
            "a sentence a line. Received: a table; write it as JSON lines",
        ),
        ("h.txt", "1_a.jpg#0\tA dog .", "a sentence a line. Received: files with captions"),
        ("h.txt", b"\xff\xfe\x00", "expected text in UTF-8"),
    ],
)
def test_hypotheses_that_are_something_else_are_named(tmp_path, name, content, sentence):
    """The file, what was expected, what was received."""
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        write(path, content)
    with pytest.raises(DataError, match=f"{name}.*{sentence}"):
        read_hypotheses(path)


@pytest.mark.parametrize(
    ("contents", "sentence"),
    [
        ({"r.json": {"1": []}}, "at least one reference for each id. Received: 1=\\[\\]"),
        ({"r.json": {"1": "a"}}, "expected a list of sentences for each id. Received: 1='a'"),
        ({"r.json": '{"1": ["a"], "1": ["b"]}'}, "every id once. Received: '1' twice"),
        ({"r.json": {}}, "at least one reference. Received: none"),
        ({"r.json": [["a"]]}, "expected COCO annotations"),
        ({"a.txt": "a\nb", "b.txt": "a"}, "equally many lines. Received: 2, 1"),
        ({"a.txt": "a", "r.json": {"1": ["a"]}}, "reference files of one kind"),
        ({"a.json": {"1": ["a"]}, "b.json": {"1": ["b"]}}, "b.json: expected every id once"),
        ({"r.json": {"annotations": [{"image_id": 1, "text": "a"}]}}, "without caption"),
    ],
)
def test_references_that_are_something_else_are_named(tmp_path, contents, sentence):
    """The file, what was expected, what was received."""
    paths = [write(tmp_path / name, content) for name, content in contents.items()]
    with pytest.raises(DataError, match=sentence):
        read_references(paths)


def test_a_file_that_is_not_there_is_named(tmp_path):
    """No traceback."""
    with pytest.raises(
        DataError, match=r"none\.json: expected a file that can be read. Received: No such file"
    ):
        read_hypotheses(tmp_path / "none.json")
