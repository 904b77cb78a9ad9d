"""Reading of text files and folders."""

import os
from pathlib import Path

import pytest

from lrcn_seq.data.sources._source_files import check_text, list_files, read_text
from lrcn_seq.errors import DataError


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
        f"t.txt: expected a text; there is no such file in {os.path.realpath(tmp_path)}. "
        "Set the path in data.source."
    )


def test_a_missing_file_with_an_absolute_path_needs_no_folder(tmp_path):
    """The error for a missing file with an absolute path does not name the working folder."""
    with pytest.raises(
        DataError, match=r"expected a text; there is no such file\. Set the path in data.source\.$"
    ):
        read_text(tmp_path / "t.txt", "a text")


def test_a_folder_is_not_a_text(tmp_path):
    """The error for a folder in place of a file says that it is a folder."""
    with pytest.raises(DataError, match=r"expected a text. Received: a folder"):
        read_text(tmp_path, "a text")


def test_another_encoding_is_refused_with_the_position(tmp_path):
    """The error for text in a Windows encoding names the encoding and the first invalid place."""
    path = write(tmp_path / "t.txt", "café".encode("latin-1"))
    with pytest.raises(
        DataError,
        match=r"in UTF-8. Received: invalid bytes at position 3, probably cp1252 .*save the file",
    ):
        read_text(path, "a text")


def test_an_operating_system_error_is_reported(tmp_path):
    """An error of the operating system is reported with its reason."""
    path = write(tmp_path / "t.txt", b"x") / "below"
    with pytest.raises(DataError, match=r"in a readable file. Received: Not a directory"):
        read_text(path, "a text")


@pytest.mark.parametrize(
    ("text", "received"),
    [("a\0b", "a NUL character in 'a"), ("a\ud800", "half of a surrogate pair in 'a")],
)
def test_characters_that_no_text_has_are_refused(text, received):
    """NUL and lone surrogates, which JSON can contain, are refused; other text is accepted."""
    check_text("é 🐕 \n", "t.json, line 1")
    with pytest.raises(DataError, match=f"^t.json, line 1: expected text. Received: {received}"):
        check_text(text, "t.json, line 1")


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
