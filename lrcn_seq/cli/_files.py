"""What verbs have in common: files named on the command line, output that is written line by line, numbers."""

from __future__ import annotations

import argparse
import fcntl
import glob
import json
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from lrcn_seq.errors import RunError, UsageError

OVERRIDE = re.compile(r"\w+(\.\w+)*=")
BEGINNING = b'{"file": '
ANSWERS = {"captions", "windows", "labels", "error"}
"""Of which every line of an output has one."""


def add_output(parser: argparse.ArgumentParser) -> None:
    """Where results go, of the verbs that take many files."""
    parser.add_argument(
        "--output",
        metavar="FILE.jsonl",
        help="write a line as soon as a file is done; called again, goes on where it stopped",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def parted(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names of files, and what is section.key=value among them."""
    overrides = [name for name in names if OVERRIDE.match(name) and not Path(name).exists()]
    return [name for name in names if name not in overrides], overrides


def expand(names: Sequence[str]) -> list[str]:
    """Files as they are, the files of folders (hidden ones left out), and what globs match; each once, in order.

    Raises:
        UsageError: nothing was named, a folder is empty or cannot be read, or a glob matches nothing.
    """
    found: list[str] = []
    for name in names:
        if not name:
            raise UsageError("Expected a file, folder or glob. Received: an empty name.")
        if Path(name).is_dir():
            walk = os.walk(name, onerror=_unreadable)
            inside = sorted(
                str(path)
                for folder, _, files in walk
                for path in map(Path(folder).joinpath, files)
                if path.is_file() and not path.name.startswith(".")
            )
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


def _unreadable(error: OSError) -> None:
    raise UsageError(
        f"{error.filename}: expected a folder that can be read. Received: {error.strerror}."
    )


def lines_done(path: Path) -> set[str]:
    """The files that an earlier call finished in its output; lines of files that could not be read, and one cut short by a crash, are dropped from it.

    Raises:
        UsageError: the file is something else; it is left as it is.
    """
    if not path.is_file():  # a device or a pipe has no earlier lines
        return set()
    done, failed, whole = set(), set(), 0
    with path.open("rb") as file:
        for number, line in enumerate(whole_lines(file, path), start=1):
            row = row_of(line)
            if row is None:
                raise UsageError(
                    f"{path}, line {number}: expected the JSON lines of an earlier call. Received: {line[:60]!r}; choose another --output."
                )
            if "error" in row:
                failed.add(number)
            else:
                done.add(row["file"])
            whole += len(line)
    if whole < path.stat().st_size:
        os.truncate(path, whole)
    if failed:
        _drop(path, failed)
    return done


def row_of(line: bytes) -> dict[str, Any] | None:
    """The row of a line; None where it is none of ours."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return (
        row
        if isinstance(row, dict) and isinstance(row.get("file"), str) and row.keys() & ANSWERS
        else None
    )


def _drop(path: Path, numbers: set[int]) -> None:
    fresh = path.with_name(f".{path.name}.new")
    with path.open("rb") as old, fresh.open("wb") as new:
        new.writelines(line for number, line in enumerate(old, start=1) if number not in numbers)
    shutil.copymode(path, fresh)
    fresh.replace(path)


def whole_lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """The lines of an output but the last if it was cut short; what does not begin as ours do is not read through."""
    while line := file.readline(len(BEGINNING)):
        if not BEGINNING.startswith(line):
            raise UsageError(
                f"{path}: expected the JSON lines of an earlier call. Received: {line!r}; choose another --output."
            )
        line += file.readline()
        if line.endswith(b"\n"):
            yield line


class Output:
    """JSON lines appended to a file at once; nothing where no output was asked for. `done` are the files of the lines before."""

    def __init__(self, path: str | None, file: BinaryIO | None, done: Set[str] = frozenset()):
        self.path, self.file, self.done = path, file, done

    def waiting(self, files: Sequence[str]) -> list[str]:
        """The files that are still to be done; says so where some were done by an earlier call."""
        left = [file for file in files if file not in self.done]
        if len(left) < len(files):
            print(
                f"{self.path}: {len(files) - len(left):,} of {len(files):,} files were done by an earlier call and stay as they are; another --output does them anew.",
                file=sys.stderr,
            )
        return left

    def write(self, row: dict[str, Any]) -> None:
        """Appends one line."""
        self._put(json.dumps(row, ensure_ascii=False) + "\n")

    @contextmanager
    def line(self) -> Iterator[Callable[[str], None]]:
        """A function that appends pieces of one line; what was written of it goes again if it is not finished."""
        start = (
            self.file.tell()
            if self.file and stat.S_ISREG(os.fstat(self.file.fileno()).st_mode)
            else None
        )
        try:
            yield self._put
            self._put("\n")
        except BaseException:
            if start is not None:
                self.file.truncate(start)
            raise

    def _put(self, text: str) -> None:
        if self.file is None:
            return
        try:
            left = memoryview(
                text.encode("utf-8", "backslashreplace")
            )  # names that are no UTF-8 get an escape of JSON
            while left:  # a disk that is nearly full takes a part
                left = left[self.file.write(left) :]
        except OSError as error:
            raise RunError(
                f"{self.path}: expected to write a line. Received: {error.strerror}; the lines before are kept, and the same call goes on after them."
            ) from error


@contextmanager
def open_output(path: str | None) -> Iterator[Output]:
    """The output of a verb, held for this call alone, or one that takes nothing where none was asked for.

    Raises:
        UsageError: it cannot be written, another call writes it, or it is something else; it is left as it is.
    """
    if path is None:
        yield Output(None, None)
        return
    place = Path(path).resolve() if Path(path).is_file() else Path(path)
    while True:
        with held(place) as file:
            done = lines_done(place)
            if opened_from(file, place):  # without the lines that failed it is another file
                yield Output(path, file, done)
                return


def held(path: Path) -> BinaryIO:
    """A file to append to; unless it is a device or a pipe, no other call gets it until it is closed."""
    try:
        file = path.open("ab", buffering=0)
    except OSError as error:
        raise UsageError(
            f"{path}: expected a file that can be written. Received: {error.strerror}."
        ) from error
    if path.is_file() and (reason := taken(file, path)):
        file.close()
        raise UsageError(f"{path}: {reason}, or choose another --output.")
    return file


def taken(file: BinaryIO, path: Path) -> str | None:
    """Why an open file is not for this call alone; None where it is."""
    if sys.__stdout__ and os.path.samestat(
        os.fstat(file.fileno()), os.fstat(sys.__stdout__.fileno())
    ):
        return "stdout goes to this file too. Send it elsewhere"
    if not (locked(file) and opened_from(file, path)):
        return "another call is writing this file. Wait for it"
    return None


def locked(file: BinaryIO) -> bool:
    """Whether no other call has locked a file; now this one has, where the disk knows locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def opened_from(file: BinaryIO, path: Path) -> bool:
    """Whether an open file is still the one of this name."""
    return path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())


def positive(text: str) -> int:
    """A number above 0."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0. Received: {text!r}")
    return int(text)
