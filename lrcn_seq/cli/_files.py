"""Files named on the command line, and output that is written line by line."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from lrcn_seq.errors import DataError, UsageError


def expand(names: Sequence[str]) -> list[str]:
    """Files as they are, the files of folders (hidden ones left out), and what globs match; each once, in order.

    Raises:
        UsageError: nothing was named, a folder is empty, or a glob matches nothing.
    """
    found: list[str] = []
    for name in names:
        if Path(name).is_dir():
            inside = sorted(str(path) for path in Path(name).rglob("*") if path.is_file() and not path.name.startswith("."))
            if not inside:
                raise UsageError(f"{name}: expected a folder with files; it is empty.")
            found += inside
        elif any(letter in name for letter in "*?[") and not Path(name).exists():
            matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute patterns
            if not matches:
                raise UsageError(f"{name}: no file matches.")
            found += matches
        else:
            found.append(name)
    if not found:
        raise UsageError("Expected at least one file, folder or glob. Received: none.")
    return list(dict.fromkeys(found))


def lines_done(path: str | None) -> set[str]:
    """The files that an earlier call wrote to its output; a line cut short by a crash is dropped from the file.

    Raises:
        DataError: the file is something else.
    """
    if path is None or not Path(path).exists():
        return set()
    done, whole = set(), 0
    with Path(path).open("rb") as file:
        for line in file:
            try:
                row = json.loads(line)
                done.add(row["file"])
            except (ValueError, KeyError, TypeError):
                if line.endswith(b"\n"):
                    raise DataError(f"{path}: expected the JSON lines of an earlier call. Received: {line[:60]!r}; choose another --output.") from None
                break
            if not line.endswith(b"\n"):
                done.discard(row["file"])
                break
            whole += len(line)
    os.truncate(path, whole)
    return done


@contextmanager
def open_output(path: str | None) -> Iterator[TextIO | None]:
    """The output opened for appending; None where none was asked for."""
    if path is None:
        yield None
        return
    try:
        file = Path(path).open("a", encoding="utf-8")  # noqa: SIM115 - closed below
    except OSError as error:
        raise UsageError(f"{path}: expected a file that can be written. Received: {error.strerror}.") from error
    with file:
        yield file
