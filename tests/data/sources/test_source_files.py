"""Reading of text files, tables and folders."""

import os
from pathlib import Path

import pytest

from lrcn_seq.data.sources._source_files import (
    find_column,
    list_files,
    read_table,
    read_text,
    require_column,
)
from lrcn_seq.errors import DataError

ROWS = [{"image": "a.jpg", "caption": "One."}, {"image": "b.jpg", "extra": 7}]


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_text_has_no_byte_order_mark_and_unix_line_ends(tmp_path):
    """Text files are read without byte order mark and with Unix line ends."""
    path = write(tmp_path / "t.txt", "\ufeffé\r\nb\rc\n".encode())
    assert read_text(path, "a text") == "é\nb\nc\n"


def test_a_missing_file_with_a_relative_path_names_the_working_folder(tmp_path, monkeypatch):
    """The error for a missing file with a relative path names the working folder."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        read_text("t.txt", "a text")
    assert str(caught.value) == (
        f"t.txt: expected a text; there is no such file in {os.path.realpath(tmp_path)}."
    )


def test_a_missing_file_with_an_absolute_path_needs_no_folder(tmp_path):
    """The error for a missing file with an absolute path does not name the working folder."""
    with pytest.raises(DataError, match=r"expected a text; there is no such file\.$"):
        read_text(tmp_path / "t.txt", "a text")


def test_a_folder_is_not_a_text(tmp_path):
    """The error for a folder in place of a file says that it is a folder."""
    with pytest.raises(DataError, match=r"expected a text. Received: a folder"):
        read_text(tmp_path, "a text")


def test_another_encoding_is_refused_with_the_position(tmp_path):
    """Text that is not UTF-8 is refused with the position of the first invalid byte."""
    path = write(tmp_path / "t.txt", "café".encode("latin-1"))
    with pytest.raises(
        DataError, match=r"in UTF-8. Received: invalid bytes at position 3; save the file as UTF-8"
    ):
        read_text(path, "a text")


def test_an_operating_system_error_is_reported(tmp_path):
    """An error of the operating system is reported with its reason."""
    path = write(tmp_path / "t.txt", b"x") / "below"
    with pytest.raises(DataError, match=r"in a readable file. Received: Not a directory"):
        read_text(path, "a text")


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x y\n",
        "a;b\r\n1;x y\r\n",
        "a\tb\n1\tx y",
        "\ufeffa, b\n1, x y\n",
        'a,b\n\n"1","x y"\n\n',
    ],
)
def test_csv_dialects_are_detected(tmp_path, content):
    """CSV files with various separators, quotes, blank lines and a byte order mark are read."""
    assert read_table(write(tmp_path / "t.csv", content.encode()), "a table") == [
        {"a": "1", "b": "x y"}
    ]


@pytest.mark.parametrize("suffix", ["jsonl", "ndjson", "json", "JSONL"])
def test_json_lines_are_detected_by_suffix(tmp_path, suffix):
    """JSON lines are read by suffix, without blank lines and with the types of values."""
    path = write(tmp_path / f"t.{suffix}", b'{"a": 1}\n\n{"a": ["x"]}\n')
    assert read_table(path, "a table") == [{"a": 1}, {"a": ["x"]}]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", "", "expected a table with at least one row. Received: none"),
        ("t.csv", "a,b\n", "expected a table with at least one row. Received: none"),
        (
            "t.csv",
            "a,b\n1,2\n1,2,3\n",
            "line 3: expected 2 columns as in the header. Received: more; "
            "quote every sentence that contains ','",
        ),
        ("t.csv", "a\tb\n1\n", "line 2: expected 2 columns as in the header. Received: fewer"),
        ("t.csv", 'a,b\n1,"2\n', "line 2: expected a CSV row with closed quotes"),
        ("t.jsonl", '{"a": 1}\n{"a"\n', "line 2: expected one JSON object per line"),
        ("t.jsonl", "[1]\n", "line 1: expected a JSON object. Received: list"),
    ],
)
def test_malformed_tables_are_refused(tmp_path, name, content, message):
    """A malformed table raises an error with the file and the line."""
    path = write(tmp_path / name, content.encode())
    with pytest.raises(DataError) as caught:
        read_table(path, "a table")
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_the_first_default_name_in_the_table_is_found():
    """The first default column name that occurs in any row is used."""
    defaults = ("media", "extra", "image")
    assert find_column(ROWS, None, defaults, place="t", role="media") == "extra"
    assert find_column(ROWS, None, ("media",), place="t", role="media") is None


def test_a_configured_name_has_priority():
    """A configured column name takes precedence over the default names."""
    assert find_column(ROWS, "caption", ("image",), place="t", role="text") == "caption"


def test_a_configured_name_must_exist():
    """The error for a missing configured column suggests a name and lists the columns."""
    with pytest.raises(DataError) as caught:
        find_column(ROWS, "captoin", (), place="t", role="text")
    assert str(caught.value) == (
        "t: expected a column 'captoin' with the text. Did you mean 'caption'? "
        "Received: columns image, caption, extra."
    )


def test_a_required_column_must_exist():
    """The error for a missing required column lists the usual names and the columns."""
    assert require_column(ROWS, None, ("image",), place="t", role="media") == "image"
    with pytest.raises(
        DataError,
        match=r"t: expected a column with the text, named text or words. "
        r"Received: columns image, caption, extra; rename it",
    ):
        require_column(ROWS, None, ("text", "words"), place="t", role="text")


def test_files_are_listed_without_folders(tmp_path):
    """`list_files` returns the names of files without folders."""
    write(tmp_path / "a.jpg", b"")
    (tmp_path / "sub").mkdir()
    assert list_files(tmp_path, "images") == {"a.jpg"}


def test_a_missing_folder_is_named(tmp_path):
    """A missing folder and a file in place of a folder have different messages."""
    with pytest.raises(DataError, match="expected a folder with images; there is no such folder"):
        list_files(tmp_path / "none", "images")
    path = write(tmp_path / "a.jpg", b"")
    with pytest.raises(DataError, match=r"readable folder with images. Received: Not a directory"):
        list_files(path, "images")
