"""Tables of one's own."""

import json
from pathlib import Path

import pytest

from lrcn_seq.data.sources import registry
from lrcn_seq.errors import ConfigError, DataError


def build(path: Path, content: str | bytes, **more):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return registry.build({"type": "caption_table", "table": str(path), **more})


def test_rows_of_one_picture_become_one_sample(tmp_path):
    """Sentences in order; the path is relative to the table."""
    source = build(
        tmp_path / "t.csv",
        'image,caption\nsub/a.jpg,"A dog, brown."\nb.jpg,A cat.\nsub/a.jpg,Woof.\n',
    )
    assert [sample.id for sample in source] == ["sub/a.jpg", "b.jpg"]
    assert source[0].captions == ("A dog, brown.", "Woof.")
    assert source[0].media == str(tmp_path / "sub/a.jpg")


def test_signs_that_look_like_line_ends_stay_in_a_sentence(tmp_path):
    """A table has lines where CSV ends them, not where Unicode might."""
    text = "a\x0bdog\x0c runs\u2028over\x85 the\x1c grass"
    source = build(tmp_path / "t.csv", f"image,caption\na.jpg,{text}\nb.jpg,A cat.\n")
    assert [sample.captions for sample in source] == [(text,), ("A cat.",)]


def test_one_picture_under_several_paths_is_one_sample(tmp_path):
    """Its sentences cannot part into several splits. Another that a link leads to stays another."""
    (tmp_path / "real" / "sub").mkdir(parents=True)
    (tmp_path / "table").mkdir()
    (tmp_path / "table" / "link").symlink_to(tmp_path / "real" / "sub")
    paths = [
        "../real/sub/a.jpg",
        f"{tmp_path}/real/./sub//a.jpg",
        "link/a.jpg",
        "link/../a.jpg",
        "a.jpg",
    ]
    source = build(
        tmp_path / "table" / "t.csv",
        "image,caption\n" + "".join(f"{path},{number}\n" for number, path in enumerate(paths)),
    )
    assert [(sample.id, sample.captions) for sample in source] == [
        (paths[0], ("0", "1", "2")),
        (paths[3], ("3",)),
        (paths[4], ("4",)),
    ]
    assert all(sample.group == sample.id for sample in source)


@pytest.mark.parametrize("path", ["./a.jpg", "{}/a.jpg", "none/../a.jpg", ".//a.jpg", "a.jpg"])
def test_how_a_path_is_written_moves_no_picture(tmp_path, path):
    """Its id, which decides its split, is the path in the folder of the table, wherever that lies."""
    source = build(tmp_path / "t.csv", f"image,caption\n{path.format(tmp_path)},One.\na.jpg,Two.\n")
    assert [(sample.id, sample.group, sample.media) for sample in source] == [
        ("a.jpg", "a.jpg", str(tmp_path / "a.jpg"))
    ]


def test_an_absolute_path_stays(tmp_path):
    """It need not lie beside the table."""
    assert (
        build(tmp_path / "t.csv", "image,caption\n/pictures/a.jpg,A dog.\n")[0].media
        == "/pictures/a.jpg"
    )


@pytest.mark.parametrize(
    "content",
    [
        "media;text\na.jpg;Schöne Grüße\n",
        "file\tsentence\r\na.jpg\tSchöne Grüße\r\n",
        "\ufeffpath,caption\na.jpg,Schöne Grüße",
        "image, caption\na.jpg, Schöne Grüße\n",
        "image,caption,extra\na.jpg,Schöne Grüße,7\n\n",
    ],
)
def test_tables_of_many_programs(tmp_path, content):
    """Semicolons, tabs and Windows line ends, a byte order mark, spaces, more columns."""
    (sample,) = build(tmp_path / "t.csv", content)
    assert (sample.id, sample.captions) == ("a.jpg", ("Schöne Grüße",))


def test_json_lines_may_hold_lists(tmp_path):
    """One row with several captions equals several rows."""
    rows = [
        {"image": "a.jpg", "captions": ["One.", "Two."], "split": "train"},
        {"image": "b.jpg", "captions": ["Three."], "split": "val"},
    ]
    source = build(tmp_path / "t.jsonl", "\n".join(map(json.dumps, rows)) + "\n\n")
    assert [(sample.id, sample.split, sample.captions) for sample in source] == [
        ("a.jpg", "train", ("One.", "Two.")),
        ("b.jpg", "dev", ("Three.",)),
    ]


def test_columns_can_be_named(tmp_path):
    """Where the usual names are not used, or mean something else."""
    source = build(
        tmp_path / "t.csv",
        "where,what,part,clip\na.jpg,One.,test,7\n",
        media="where",
        text="what",
        split="part",
        group="clip",
    )
    assert (source[0].split, source[0].group) == ("test", "7")


@pytest.mark.parametrize(
    ("given", "group"), [("0", "0"), ('""', "a.jpg"), ("null", "a.jpg"), ('" "', "a.jpg")]
)
def test_a_group_is_what_is_given_unless_it_is_empty(tmp_path, given, group):
    """The number 0 is a group; what says nothing leaves the picture on its own."""
    source = build(
        tmp_path / "t.jsonl", f'{{"image": "a.jpg", "caption": "One.", "group": {given}}}\n'
    )
    assert source[0].group == group


def test_groups_stay_together(tmp_path):
    """Fifty pictures of ten groups, split by hash."""
    rows = "".join(f"{number}.jpg,A picture.,g{number % 10}\n" for number in range(50))
    source = build(tmp_path / "t.csv", f"image,caption,group\n{rows}", dev=0.3, test=0.3)
    assert len({(sample.group, sample.split) for sample in source}) == 10
    assert len({sample.split for sample in source}) > 1


@pytest.mark.parametrize(
    ("name", "content", "more", "sentence"),
    [
        (
            "t.csv",
            "",
            {},
            "expected a table of media and text with at least one row. Received: none.",
        ),
        ("t.csv", "image,caption\n", {}, "with at least one row"),
        (
            "t.csv",
            "image,words\na.jpg,One\n",
            {},
            "expected a column with the text, named text or caption or captions or sentence or sentences. Received: columns image, words",
        ),
        (
            "t.csv",
            "image,caption\na.jpg,One\n",
            {"text": "captoin"},
            "expected a column 'captoin' with the text. Did you mean 'caption'? Received: columns image, caption",
        ),
        (
            "t.csv",
            "image,caption\na.jpg,\n",
            {},
            "row 1: expected a sentence under 'caption'. Received: ''",
        ),
        (
            "t.csv",
            "image,caption\n,One\n",
            {},
            "row 1: expected the path of a picture or video under 'image'. Received: ''",
        ),
        (
            "t.csv",
            "image,caption\na.jpg,One, two\n",
            {},
            "line 2: expected 2 columns as in the header. Received: more; put sentences that hold a ',' in quotes",
        ),
        (
            "t.csv",
            "image,caption\na.jpg\n",
            {},
            "line 2: expected 2 columns as in the header. Received: fewer",
        ),
        (
            "t.csv",
            'image,caption\na.jpg,"One\n',
            {},
            "line 2: expected a CSV row, every quote closed",
        ),
        (
            "t.csv",
            "image,caption\na.jpg,caf\xe9\n".encode("latin-1"),
            {},
            "in UTF-8. Received: other bytes at position 23; save the file as UTF-8",
        ),
        (
            "t.csv",
            "image,caption\na.jpg,One\n".encode("utf-16"),
            {},
            "in UTF-8. Received: other bytes at position 0",
        ),
        (
            "t.csv",
            "image,caption,split\na.jpg,One,eval\n",
            {},
            "row 1: expected train, dev or test under 'split'. Received: 'eval'",
        ),
        (
            "t.csv",
            "image,caption,split\na.jpg,One,train\na.jpg,Two,test\n",
            {},
            "expected one split for 'a.jpg'. Received: 'train' and 'test'",
        ),
        (
            "t.csv",
            "image,caption,split,group\na.jpg,One,train,g\nb.jpg,Two,test,g\n",
            {},
            "Received: group 'g' in train and test",
        ),
        ("t.jsonl", '{"image": "a.jpg"\n', {}, "line 1: expected one JSON object a line"),
        ("t.jsonl", "[1]\n", {}, "line 1: expected a JSON object. Received: list"),
        (
            "t.jsonl",
            '{"image": "a.jpg", "captions": []}\n',
            {},
            "row 1: expected a sentence under 'captions'. Received: []",
        ),
        (
            "t.jsonl",
            '{"image": "x\\u0000y/a.jpg", "caption": "One"}\n',
            {},
            "row 1: expected the path of a picture or video under 'image'",
        ),
        ("t.jsonl", '{"image": 7, "caption": "One"}\n', {}, "Received: 7"),
    ],
)
def test_each_wrong_table_has_its_sentence(tmp_path, name, content, more, sentence):
    """It names the file, and the row where there is one."""
    with pytest.raises(DataError) as caught:
        build(tmp_path / name, content, **more)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / name))


def test_a_missing_table_and_a_folder_are_named(tmp_path):
    """Neither is a table."""
    with pytest.raises(
        DataError, match=r"none.csv: expected a table of media and text; there is no such file"
    ):
        registry.build({"type": "caption_table", "table": str(tmp_path / "none.csv")})
    with pytest.raises(DataError, match="Received: a folder"):
        registry.build({"type": "caption_table", "table": str(tmp_path)})


def test_a_config_with_wrong_values_is_refused_before_reading():
    """All its problems at once."""
    with pytest.raises(ConfigError) as caught:
        registry.build({"type": "caption_table", "table": 3, "dev": 1.5, "colour": "red"})
    assert len(caught.value.problems) == 3
