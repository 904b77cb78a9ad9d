"""Tables of captions in CSV."""

import pytest

from lrcn_seq.errors import DataError
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


@pytest.mark.parametrize("name", ["caption.1", "caption 1", "caption_1", "caption-1", "caption1"])
def test_numbered_columns_are_captions(name):
    """Columns that spreadsheets and data frames number are captions of the same row."""
    (row,) = read_caption_table("t.csv", f"id,caption,{name}\n1,a cat,a dog\n")
    assert row == ("1", ["a cat", "a dog"])


@pytest.mark.parametrize("header", ["id,id,caption", "id,caption,Caption"])
def test_columns_of_one_name_are_refused(header):
    """Two columns of one name are refused, since one would be lost."""
    with pytest.raises(DataError, match="expected columns of different names"):
        read_caption_table("t.csv", f"{header}\n1,2,3\n")


def test_the_id_of_the_image_precedes_that_of_the_annotation():
    """In a table exported from COCO, `image_id` is the ID, although `id` exists."""
    rows = read_caption_table("t.csv", "id,image_id,caption\n1,179,a cat\n")
    assert [row.name for row in rows] == ["179"]


def test_a_row_without_an_id_is_refused():
    """A row with a blank ID, as merged cells leave it, is refused instead of lost."""
    with pytest.raises(DataError, match="expected a value under 'id' in each row"):
        read_caption_table("t.csv", "id,caption\n1,a cat\n,a dog\n")


def test_the_line_of_the_separator_is_skipped():
    """The line `sep=;` of Excel is not the header."""
    (row,) = read_caption_table("t.csv", "sep=;\nid;caption\n1;a cat, here\n")
    assert row == ("1", ["a cat, here"])


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("file,path,caption", "'file' and 'path'"),
        ("image_id,video_id,caption", "'image_id' and 'video_id'"),
        ("id,Caption,text", "'Caption' and 'text'"),
        ("id,reference,hypothesis", "'reference' and 'hypothesis'"),
    ],
)
def test_columns_of_one_meaning_are_refused(header, named):
    """Two columns of one meaning with different values are refused by name."""
    with pytest.raises(DataError, match=f"t.csv: expected one column .* Received: {named}, with"):
        read_caption_table("t.csv", f"{header}\n1,2,3\n")


@pytest.mark.parametrize("copy", ["", "a dog", "NaN"])
def test_empty_and_equal_columns_are_not_ambiguous(copy):
    """Two columns with the same meaning are accepted if they are equal or one is empty."""
    rows = read_caption_table("t.csv", f"id,text,caption\n1,{copy},a dog\n")
    assert [row.name for row in rows] == ["1"]
    assert set(rows[0].captions) == {"a dog"}


@pytest.mark.parametrize("missing", ["", "NaN", "#N/A", "null", "None"])
def test_marks_of_missing_values_are_no_captions(missing):
    """Texts that programs write for missing values are left out."""
    (row,) = read_caption_table("t.csv", f"id,caption1,caption2\n1,a dog,{missing}\n")
    assert row.captions == ["a dog"]


def test_a_list_as_a_text_is_refused():
    """A list of captions that a program wrote into one cell as a text is refused."""
    with pytest.raises(DataError, match=r"t\.csv, line 3: expected one sentence in each cell"):
        read_caption_table("t.csv", "id,captions\n1,a dog\n2,\"['a dog', 'a cat']\"\n")
