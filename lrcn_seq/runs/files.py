"""Files that are whole or absent: temporary file, fsync, rename, fsync of the folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from lrcn_seq.errors import RunError


def write(path: str | Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Replaces `path` by what `fill` writes; a crash at any moment leaves the old file or the new one.

    Raises:
        RunError: the folder cannot be written (rights, space).
    """
    path = Path(path)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = file.name
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise RunError(
            f"{path}: expected to write this file. Received: {error.strerror or error}; what stood there before is untouched. Mend that and call again (training: --resume)."
        ) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
    sync_folder(path.parent)


def write_text(path: str | Path, text: str) -> None:
    """Replaces `path` by text in UTF-8; what is none, as in names of files, becomes an escape, as JSON has it."""
    write(path, lambda file: file.write(text.encode("utf-8", "backslashreplace")))


def sync_folder(folder: Path) -> None:
    """Makes renames in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
