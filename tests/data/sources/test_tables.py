"""Reading of tables: CSV, JSON Lines and arrays of JSON objects."""

import json
from pathlib import Path

import pytest

from lrcn_seq.data.sources._tables import Row, Table, read_table
from lrcn_seq.errors import DataError

TABLE = Table("t", "line", ("Image", "caption", "extra"), [])


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def values(path: Path) -> list[dict]:
    return [row.values for row in read_table(path, "a table").rows]


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x y\n",
        "a;b\r\n1;x y\r\n",
        "a\tb\n1\tx y",
        "\ufeffa, b\n1, x y\n",
        'a,b\n\n"1","x y"\n\n',
        "sep=;\na;b\n1;x y\n",
        '"sep=|"\r\na|b\r\n1|x y\r\n',
        "\n a , b \n 1 , x y \n",
        "a,b,,\n1,x y,,\n,,,\n,,,\n",
        "a,b\n1,x y,,\n",
        "a,b\n1,x y\n,\n \n",
        ",a,b\n0,1,x y\n",
        "a,b\n1,x y\n".encode("utf-16"),
    ],
)
def test_csv_dialects_are_detected(tmp_path, content):
    """CSV may have various delimiters, quotes, blanks, blank rows, and columns without a name."""
    assert values(write(tmp_path / "t.csv", content)) == [{"a": "1", "b": "x y"}]


def test_the_delimiter_may_occur_in_a_quoted_name(tmp_path):
    """The delimiter is the one that divides the header into the most columns."""
    path = write(tmp_path / "t.csv", '"a";"b, c, d"\n1;2\n')
    assert values(path) == [{"a": "1", "b, c, d": "2"}]


@pytest.mark.parametrize("suffix", ["jsonl", "ndjson", "json", "JSONL"])
@pytest.mark.parametrize("content", ['{"a": 1}\n\n{" a ": ["x"]}\n', '[{"a": 1},\n {"A": ["x"]}]'])
def test_json_is_detected_by_suffix(tmp_path, suffix, content):
    """A file with a JSON suffix may contain JSON Lines or an array; values keep their types."""
    assert values(write(tmp_path / f"t.{suffix}", content)) == [{"a": 1}, {"a": ["x"]}]


def test_rows_have_the_lines_of_the_file(tmp_path):
    """Blank lines, quoted newlines and a `sep=` line count as lines of the file."""
    path = write(tmp_path / "t.csv", 'sep=,\na,b\n\n1,"x\ny"\n2,z\n')
    table = read_table(path, "a table")
    assert table.rows == [Row(4, {"a": "1", "b": "x\ny"}), Row(6, {"a": "2", "b": "z"})]
    assert table.place(table.rows[1]) == f"{path}, line 6"


def test_rows_of_a_json_array_are_numbered(tmp_path):
    """Messages name a row of a JSON array by its position in the array."""
    path = write(tmp_path / "t.json", json.dumps([{"a": 1}, {"a": 2}], indent=2))
    table = read_table(path, "a table")
    assert table.place(table.rows[1]) == f"{path}, entry 2"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", "", "expected a table with at least one row. Received: none"),
        ("t.csv", "a,b\n", "expected a table with at least one row. Received: none"),
        ("t.csv", "a,b\n,\n", "expected a table with at least one row. Received: none"),
        (
            "t.csv",
            "a,b\n1,2\n1,2,3\n",
            "line 3: expected 2 columns as in the header. Received: 3; "
            "quote every sentence that contains ','",
        ),
        ("t.csv", "a\tb\n1\n", "line 2: expected 2 columns as in the header. Received: 1"),
        ("t.csv", 'a,b\n"1\n\n1",2\n1,"2\n\n', "line 5: expected a CSV row with closed quotes"),
        ("t.csv", "a,B,b \n1,2,3\n", "expected columns of different names. Received: 2 columns "),
        ("t.csv", "a,b\n1,x\0\n", "expected a table in UTF-8. Received: a NUL character in line 2"),
        ("t.jsonl", '{"a": 1}\n{"a"\n', "line 2: expected one JSON object per line"),
        ("t.jsonl", "[1]\n", "entry 1: expected a JSON object. Received: int"),
        ("t.jsonl", "[1]\n[2]\n", "line 1: expected a JSON object. Received: list"),
        ("t.jsonl", '{"a": 1, "a": 2}', "line 1: expected one JSON object per line, or an array"),
        ("t.jsonl", '{"a": 1, "A": 2}', "line 1: expected columns of different names. Received: 2"),
        ("t.jsonl", '{"a": "x\\u0000"}', "line 1: expected text. Received: a NUL character in 'x"),
        ("t.jsonl", '{"a": ["x", "\\udc00"]}', "line 1: expected text. Received: half of a surr"),
        ("t.jsonl", "[" * 100_000, "line 1: expected one JSON object per line"),
        ("t.json", '[{"a": 1}, {"b": 9' + "9" * 5000 + "}]", "line 1: expected one JSON object"),
    ],
)
def test_malformed_tables_are_refused(tmp_path, name, content, message):
    """The message on a defect of a table names the file and the line."""
    path = write(tmp_path / name, content)
    with pytest.raises(DataError) as caught:
        read_table(path, "a table")
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_the_first_default_name_in_the_table_is_found():
    """The first default name that occurs in the columns is used, without regard to case."""
    assert TABLE.find_column(None, ("media", "extra", "image"), "media") == "extra"
    assert TABLE.find_column(None, ("media", "image"), "media") == "Image"
    assert TABLE.find_column(None, ("media",), "media") is None


def test_a_configured_name_has_priority():
    """A configured column is used even if the table has a column with a default name."""
    assert TABLE.find_column("caption", ("image",), "text") == "caption"
    assert TABLE.find_column(" CAPTION", ("image",), "text") == "caption"


def test_a_configured_name_must_exist():
    """The error for a missing configured column suggests a name and lists the columns."""
    with pytest.raises(DataError) as caught:
        TABLE.find_column("captoin", (), "text")
    assert str(caught.value) == (
        "t: expected a column 'captoin' with the text. Did you mean 'caption'? "
        "Received: columns Image, caption, extra."
    )


def test_a_required_column_must_exist():
    """The error for a missing required column lists the usual names and the columns."""
    assert TABLE.require_column(None, ("image",), "media") == "Image"
    with pytest.raises(
        DataError,
        match=r"t: expected a column with the text, named text or words. "
        r"Received: columns Image, caption, extra; rename one",
    ):
        TABLE.require_column(None, ("text", "words"), "text")


@pytest.mark.parametrize("name", ["t.csv", "t.txt", "t"])
@pytest.mark.parametrize(
    "content", ['{"a": 1}\n{"a": ["x"]}\n', '\ufeff[\n {"a": 1}, {"a": ["x"]}]']
)
def test_json_is_detected_by_content(tmp_path, name, content):
    """JSON objects are recognized whatever the suffix of the file."""
    assert values(write(tmp_path / name, content)) == [{"a": 1}, {"a": ["x"]}]
