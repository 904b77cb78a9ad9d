"""Writing at a position, and the number in a lock file."""

import pytest

from lrcn_seq.features.store_files import open_at, read_number, write_number


def test_content_after_the_position_is_replaced(tmp_path):
    """A missing file is created."""
    for size, text in ((0, b"abcdef"), (4, b"xy")):
        with open_at(tmp_path / "a", size) as file:
            file.write(text)
    assert (tmp_path / "a").read_bytes() == b"abcdxy"


def test_an_error_removes_what_was_written(tmp_path):
    """The content before the position is kept."""
    (tmp_path / "a").write_bytes(b"abcdef")
    with pytest.raises(KeyError), open_at(tmp_path / "a", 4) as file:
        file.write(b"xyz")
        raise KeyError
    assert (tmp_path / "a").read_bytes() == b"abcd"


def test_a_number_replaces_the_content(tmp_path):
    """An empty file has no number."""
    with (tmp_path / "a").open("w+b") as file:
        for number in (123456, 7, None):
            write_number(file, number)
            assert read_number(file) == number
    assert (tmp_path / "a").read_bytes() == b""
