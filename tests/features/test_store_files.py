"""Writing at a position of a file, and the number in a lock file."""

import pytest

from lrcn_seq.features.store_files import open_at, read_number, write_number


def test_content_after_the_position_is_replaced(tmp_path):
    """Writing at a position replaces the content after it, and creates a missing file."""
    for size, text in ((0, b"abcdef"), (4, b"xy")):
        with open_at(tmp_path / "a", size) as file:
            file.write(text)
    assert (tmp_path / "a").read_bytes() == b"abcdxy"


def test_an_error_removes_what_was_written(tmp_path):
    """An error removes what was written and keeps the content before the position."""
    (tmp_path / "a").write_bytes(b"abcdef")
    with pytest.raises(KeyError), open_at(tmp_path / "a", 4) as file:
        file.write(b"xyz")
        raise KeyError
    assert (tmp_path / "a").read_bytes() == b"abcd"


def test_a_number_replaces_the_content(tmp_path):
    """A number replaces the content of a file, and None empties the file."""
    with (tmp_path / "a").open("w+b") as file:
        for number in (123456, 7, None):
            write_number(file, number)
            assert read_number(file) == number
    assert (tmp_path / "a").read_bytes() == b""
