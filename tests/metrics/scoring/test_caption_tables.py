"""Tables of captions in CSV."""

import pytest

from lrcn_seq.metrics.scoring.caption_tables import is_caption_table, read_caption_table


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_rows_have_the_name_and_every_caption(delimiter):
    """A row has the value of the name column, and the captions that are not empty."""
    text = "\n".join([" Image |caption1|votes|Caption2", "a b.jpg|x, y|3|z", "|||", "c.jpg|u|1|"])
    text = text.replace("x, y", '"x, y; v"').replace("|", delimiter)
    rows = read_caption_table("t.csv", text)
    assert rows == [("a b.jpg", ["x, y; v", "z"]), ("c.jpg", ["u"])]


@pytest.mark.parametrize(
    ("column", "names_files"), [("image", True), ("FILE", True), ("image_id", False), ("id", False)]
)
def test_name_column_tells_files_from_ids(column, names_files):
    """The header tells whether rows name files or IDs."""
    assert read_caption_table("t.csv", f"{column},caption\n1,a").names_files is names_files


def test_column_of_ids_precedes_that_of_files():
    """A table with a column of files and one of IDs is matched by ID."""
    rows = read_caption_table("t.csv", "file,id,caption\na.jpg,7,a dog")
    assert rows == [("7", ["a dog"])]
    assert not rows.names_files


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id,caption\n1,a", True),
        ("image\tcaption\n1\ta", True),
        ("a dog, a cat\nid,caption", False),
        ("caption\na dog", False),
        ('id,"caption\n', False),
    ],
)
def test_header_is_recognized(text, expected):
    """A text is a table if its first line names an ID and a caption."""
    assert is_caption_table(text) is expected
