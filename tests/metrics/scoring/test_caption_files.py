"""Reading of hypotheses and references from files."""

import io
import json
import os

import pytest

from lrcn_seq.errors import DataError
from lrcn_seq.metrics.scoring.caption_files import (
    Files,
    Lines,
    read_hypotheses,
    read_references,
)


def write(path, content):
    """Write a file of text or JSON."""
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


HYPOTHESES = {
    "h.json": [{"image_id": 1, "caption": "a dog"}, {"image_id": 2, "caption": "ein Hündchen"}],
    "h.jsonl": (
        '{"id": "1", "caption": "a dog"}\n{"id": 2, "caption": "ein Hündchen", "score": 1}\n\n'
    ),
    "h": '{"id": "1", "caption": "a dog"}\n{"id": 2, "caption": "ein Hündchen"}\n',
    "h.txt": "\ufeffa dog\r\nein Hündchen\r\n",
    "h.csv": "id,caption\r\n1,a dog\r\n2,ein Hündchen\r\n",
    "h.tsv": "score\tcaption\timage_id\n0.5\ta dog\t1\n0.1\tein Hündchen\t2\n",
    "predictions.jsonl": (
        '{"id": "1", "caption": "a dog", "file": "1.jpg", "references": ["x"], "bleu_1": 0.0}\n'
        '{"id": "2", "caption": "ein Hündchen", "file": "2.jpg", "references": ["y"]}\n'
    ),
}


@pytest.mark.parametrize("name", HYPOTHESES)
def test_hypotheses_are_read_from_every_format(tmp_path, name):
    """Hypotheses are read from COCO results, JSON lines, CSV, text and the predictions of a run."""
    path = write(tmp_path / name, HYPOTHESES[name])
    assert read_hypotheses(path) == {"1": "a dog", "2": "ein Hündchen"}


@pytest.mark.parametrize("name", sorted(HYPOTHESES.keys() - {"h.txt"}))
@pytest.mark.parametrize("suffix", ["txt", "text"])
def test_the_content_of_a_text_file_decides(tmp_path, name, suffix):
    """JSON, JSON lines and CSV are read as such under the extension of text."""
    path = write(tmp_path / f"h.{suffix}", HYPOTHESES[name])
    assert read_hypotheses(path) == {"1": "a dog", "2": "ein Hündchen"}


def test_json_lines_may_have_the_extension_of_json(tmp_path):
    """JSON lines are read from a file whose name ends in .json, as pandas writes it."""
    path = write(tmp_path / "h.json", HYPOTHESES["h.jsonl"])
    assert read_hypotheses(path) == {"1": "a dog", "2": "ein Hündchen"}


def test_hypotheses_of_text_files_are_lines(tmp_path):
    """Hypotheses of text files are `Lines`, which are matched by line number."""
    assert isinstance(read_hypotheses(write(tmp_path / "h.txt", "a\nb")), Lines)
    assert not isinstance(read_hypotheses(write(tmp_path / "h.json", HYPOTHESES["h.json"])), Lines)


OUTPUTS = {
    "out.jsonl": (
        '{"file": "d/1.jpg", "captions": [{"text": "a dog", "score": 1.0}, {"text": "x"}]}\n'
        '{"file": "d/2.jpg", "captions": [{"text": "a cat", "score": 1.0}]}\n'
    ),
    "out.json": {
        "results": [
            {"file": "d/1.jpg", "captions": [{"text": "a dog"}]},
            {"file": "d/2.jpg", "captions": [{"text": "a cat"}]},
        ]
    },
    "out.csv": "image,caption\nd/1.jpg,a dog\nd/2.jpg,a cat\n",
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_hypotheses_of_files_are_marked(tmp_path, name):
    """Captions by file name, read from --output, --json or a table, have the type `Files`."""
    found = read_hypotheses(write(tmp_path / name, OUTPUTS[name]))
    assert found == {"d/1.jpg": "a dog", "d/2.jpg": "a cat"}
    assert isinstance(found, Files)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a dog\na cat\n", {"1": "a dog", "2": "a cat"}),
        ("id,caption\n7,a dog\n", {"7": "a dog"}),
        ('[{"image_id": 7, "caption": "a dog"}]', {"7": "a dog"}),
    ],
)
def test_stdin_is_read_in_every_format(monkeypatch, content, expected):
    """The path - is stdin, whose format follows from its content."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    assert read_hypotheses("-") == expected


@pytest.mark.parametrize("sentence", ["", "{not json", "[a] dog", "7, 8 dogs", "1. a dog"])
def test_text_files_may_contain_any_line(tmp_path, sentence):
    """A line of a .txt file may be empty, or look like JSON or a row of a table."""
    assert read_hypotheses(write(tmp_path / "h.txt", f"{sentence}\nb\n")) == {
        "1": sentence,
        "2": "b",
    }


REFERENCES = {
    "c.json": {
        "images": [{"id": 1}],
        "annotations": [
            {"image_id": image, "caption": caption}
            for image, caption in ((1, "a"), (2, "c"), (1, "b"), (2, "d"))
        ],
    },
    "r.json": {"1": ["a", "b"], "2": ["c", "d"]},
    "r.jsonl": '{"id": 1, "captions": ["a", "b"]}\n{"id": 2, "captions": ["c", "d"]}',
    "r.csv": "id;caption\n1;a\n2;c\n1;b\n2;d\n",
    "columns.csv": "id,caption1,caption2,caption3\n1,a,b,\n2,c,,d\n",
    "predictions.jsonl": (
        '{"id": "1", "caption": "x", "references": ["a", "b"]}\n'
        '{"id": "2", "caption": "y", "references": ["c", "d"]}\n'
    ),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_references_are_read_from_every_format(tmp_path, name):
    """References are read from COCO annotations, JSON, CSV and the predictions of a run."""
    path = write(tmp_path / name, REFERENCES[name])
    assert read_references([path]) == {"1": ["a", "b"], "2": ["c", "d"]}


def test_empty_lines_are_missing_references(tmp_path):
    """Where one text file has an empty line, only the other files have a reference."""
    paths = [write(tmp_path / "r1.txt", "a\nc\n\n"), write(tmp_path / "r2.txt", "b\n\n \n")]
    assert read_references(paths) == {"1": ["a", "b"], "2": ["c"], "3": ["", " "]}


def test_text_files_contain_one_reference_of_each_line(tmp_path):
    """Line n of each text file of references is one reference of ID n."""
    paths = [write(tmp_path / "r1.txt", "a\nc\n"), write(tmp_path / "r2.txt", "b\nd")]
    assert read_references(paths) == {"1": ["a", "b"], "2": ["c", "d"]}


def test_several_json_files_are_combined(tmp_path):
    """JSON files of references with different IDs are combined."""
    paths = [write(tmp_path / "a.json", {"1": ["a"]}), write(tmp_path / "b.json", {"2": ["b"]})]
    assert read_references(paths) == {"1": ["a"], "2": ["b"]}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("h.json", "{", "expected JSON. Received: Expecting"),
        (
            "h.json",
            [{"image_id": 1, "caption": "a"}, {"image_id": "1", "caption": "b"}],
            "unique ids. Received: '1' twice",
        ),
        (
            "h.json",
            [{"image_id": 1, "text": "a"}],
            "an object with image_id, text, without caption",
        ),
        (
            "h.json",
            [{"image_id": 1, "caption": ["a"]}],
            "expected a sentence for each id. Received: 1=",
        ),
        (
            "h.json",
            [{"image_id": None, "caption": "a"}],
            "strings or integers. Received: None",
        ),
        (
            "h.json",
            [{"image_id": True, "caption": "a"}],
            "strings or integers. Received: True",
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
            "image name,caption\n1_a.jpg,A dog .",
            "one sentence per line. Received: file names with captions \\('1_a.jpg,A dog",
        ),
        ("h.txt", "7\ta dog\n8\ta cat\n", "Received: columns separated by tabs \\('7"),
        ("h.txt", "7,a dog\n8,a cat\n", "Received: numbers with captions \\('7,a dog"),
        ("h.txt", "1. a dog\n2. a cat\n", "Received: numbers with captions \\('1. a dog"),
        ("h.txt", "000007 a dog\n000008 a cat\n", "Received: numbers with captions"),
        ("h.txt", "a.jpg a dog\nb.jpg a cat\n", "Received: file names with captions"),
        ("h.txt", "caption\na dog\n", "Received: the header of a table \\('caption'"),
        ("h.txt", '{"id": 1, "caption": "a"}\n{"id": 2, "cap', "line 2: expected a JSON object"),
        ("h.txt", '["a", "b"]\n["c", "d"]\n', "line 1: expected a JSON object"),
        ("h.txt", '[\n {"image_id": 1,\n', "line 1: expected a JSON object"),
        ("h.json", "a dog\na cat\n", "expected JSON. Received"),
        ("h.csv", "id,caption\n1,NaN\n", "one caption in each row.*Received: 0 in the row of '1'"),
        ("h.csv", "caption\na dog\n", "a column of IDs.*Received: columns caption"),
        ("h.csv", "file,path,caption\na,b,a dog\n", "Received: 'file' and 'path', with differ"),
        ("h.csv", "image_id,video_id,caption\n1,2,x\n", "Received: 'image_id' and 'video_id'"),
        ("h.csv", "id,prediction,reference\n1,x,y\n", "Received: 'prediction' and 'reference'"),
        ("h.csv", "id,score\n1,0.5", "a column caption.*Received: columns id, score"),
        (
            "h.csv",
            "id,caption\n1,a dog, a cat",
            "expected 2 columns.*Received: 3 in the row of '1'",
        ),
        ("h.csv", "id,caption\n1,", "one caption in each row.*Received: 0 in the row of '1'"),
        ("h.csv", "id,caption\n", "at least one hypothesis. Received: none"),
        ("h.csv", 'id,caption\n1,"a dog', "closed quotes"),
        ("h.jsonl", '{"file": "a.png", "error": "cut"}', "'a.png' with the error 'cut'; repeat"),
        (
            "h.jsonl",
            '{"file": "a.mp4", "windows": []}',
            "'a.mp4' with an object with file, windows",
        ),
        (
            "h.jsonl",
            '{"file": "a.png", "captions": []}',
            "'a.png' with an object with file, captio",
        ),
        (
            "h.txt",
            "1_a.jpg#0\tA dog .",
            "one sentence per line. Received: file names with captions",
        ),
        ("h.txt", b"\xff\xfe\x00", "expected text in UTF-8"),
    ],
)
def test_invalid_hypotheses_raise(tmp_path, name, content, sentence):
    """The error for invalid hypotheses states the file and the expected and received content."""
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
        ({"r.json": '{"1": ["a"], "1": ["b"]}'}, "unique ids. Received: '1' twice"),
        ({"r.json": {}}, "at least one reference. Received: none"),
        ({"r.json": [["a"]]}, "expected COCO annotations"),
        ({"r.json": "5"}, "expected COCO annotations"),
        ({"r.json": "true"}, "expected COCO annotations"),
        ({"a.txt": "a\nb", "b.txt": "a"}, "equally many lines. Received: 2, 1"),
        ({"a.txt": "a", "r.json": {"1": ["a"]}}, "reference files of one kind"),
        ({"a.json": {"1": ["a"]}, "b.json": {"1": ["b"]}}, "b.json: expected unique ids"),
        ({"r.json": {"annotations": [{"image_id": 1, "text": "a"}]}}, "without caption"),
        (
            {"r.jsonl": '{"id": 1, "captions": ["a"], "references": ["b"]}'},
            "under one key. Received: 'captions' and 'references'",
        ),
        (
            {"r.jsonl": '{"id": 1, "caption": "a", "captions": ["b", "c"]}'},
            "under one key. Received: 'captions' and 'caption'",
        ),
    ],
)
def test_invalid_references_raise(tmp_path, contents, sentence):
    """The error for invalid references states the file and the expected and received content."""
    paths = [write(tmp_path / name, content) for name, content in contents.items()]
    with pytest.raises(DataError, match=sentence):
        read_references(paths)


def test_a_missing_file_raises(tmp_path):
    """The error for a missing file states the reason that the operating system gives."""
    with pytest.raises(
        DataError, match=r"none\.json: expected a file that can be read. Received: No such file"
    ):
        read_hypotheses(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a dog runs\na cat sat\n".encode("utf-16-le"), "Received: UTF-16-LE without byte order"),
        (b"a dog\0\na cat\0\n", "Received: a NUL character in line 1"),
        ("le café\n".encode("cp1252"), "Received: invalid bytes at position 6, probably cp1252"),
    ],
)
def test_other_encodings_raise(tmp_path, content, message):
    """The error for text that is not plain UTF-8 states what was found instead."""
    path = tmp_path / "h.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_hypotheses(path)


def test_utf_16_is_read_by_its_byte_order_mark(tmp_path):
    """UTF-16 text with a byte order mark, as Windows programs write it, is read correctly."""
    path = tmp_path / "h.txt"
    path.write_bytes("a dog\r\nun café\r\n".encode("utf-16"))
    assert read_hypotheses(path) == {"1": "a dog", "2": "un café"}


@pytest.mark.parametrize("read", [read_hypotheses, lambda path: read_references([path])])
def test_a_fifo_is_refused(tmp_path, read):
    """A FIFO raises an error instead of blocking."""
    os.mkfifo(tmp_path / "h.json")
    with pytest.raises(DataError, match=r"expected a regular file\. Received: a FIFO"):
        read(tmp_path / "h.json")


@pytest.mark.parametrize("content", ["[" * 100_000, '{"a":' * 100_000, "9" * 5000])
def test_values_beyond_the_parser_are_an_error(tmp_path, content):
    """Deep nesting and numbers of thousands of digits are errors with a short reason."""
    (tmp_path / "h.json").write_text(content)
    with pytest.raises(DataError) as caught:
        read_hypotheses(tmp_path / "h.json")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("h.json", '[{"image_id": 1, "caption": "a", "caption": "b"}]'),
        ("h.jsonl", '{"id": 1, "id": 2, "caption": "a"}'),
    ],
)
def test_keys_that_occur_twice_in_a_hypothesis_are_refused(tmp_path, name, text):
    """A key that occurs twice in an object is refused, since one value would be lost."""
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match="expected each key of an object once"):
        read_hypotheses(tmp_path / name)


@pytest.mark.parametrize(
    "text",
    [
        '{"annotations": [], "annotations": [{"image_id": 1, "caption": "a"}]}',
        '{"annotations": [{"image_id": 1, "caption": "a", "caption": "b"}]}',
    ],
)
def test_keys_that_occur_twice_in_coco_references_are_refused(tmp_path, text):
    """A doubled list of annotations and a doubled key of an annotation are refused."""
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(DataError, match="expected each key of an object once"):
        read_references([tmp_path / "r.json"])
