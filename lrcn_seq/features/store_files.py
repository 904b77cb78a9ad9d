"""Files of a feature store: appending at a given size, and the number in the lock file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lrcn_seq.files import sync_file


def read_number(file: BinaryIO) -> int | None:
    """Return the number in a file, or None if the file contains no number."""
    file.seek(0)
    content = file.read(20)
    return int(content) if content.isdigit() else None


def write_number(file: BinaryIO, number: int | None) -> None:
    """Replace the content of a file by a number; None empties the file."""
    file.seek(0)
    file.truncate()
    file.write(b"" if number is None else str(number).encode())
    file.flush()


@contextmanager
def open_at(path: Path, size: int) -> Iterator[BinaryIO]:
    """Open a file to append after `size` bytes; sync it at the end, or truncate it on error."""
    path.touch()
    try:
        with path.open("r+b") as file:
            file.truncate(size)
            file.seek(size)
            yield file
            file.flush()
            sync_file(file.fileno())
    except BaseException:
        os.truncate(path, size)
        raise
