"""The JSON Lines output of prediction verbs: locked, with a line per input file, and resumable."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from lrcn_seq.errors import RunError, UsageError
from lrcn_seq.files import open_file, remove_leftovers, write_file
from lrcn_seq.locks import lock_file
from lrcn_seq.terminal import print_note

LINE_START = b'{"file": '
Row = dict[str, Any]


class JsonLines:
    """A writer of JSON lines.

    Args:
        path: the name of the output file, for messages.
        file: an unbuffered file to append to; None to discard all lines.
        finished: the input files whose predictions an earlier call has written.
    """

    def __init__(self, path: str, file: BinaryIO | None, finished: Set[str] = frozenset()) -> None:
        self.path, self.file, self.finished = path, file, finished

    def unfinished(self, files: Sequence[str]) -> list[str]:
        """Return the files that are not finished; print the number of finished ones on stderr."""
        unfinished = [file for file in files if file not in self.finished]
        if len(unfinished) < len(files):
            count = len(files) - len(unfinished)
            print_note(
                f"{self.path}: skipping {count:,} of {len(files):,} files, which an earlier call "
                "finished; choose another --output to repeat them."
            )
        return unfinished

    def write(self, row: Row) -> None:
        """Append a row as one JSON line that begins with the file name."""
        self._append(json.dumps({"file": row["file"], **row}, ensure_ascii=False) + "\n")

    @contextmanager
    def line(self) -> Iterator[Callable[[str], None]]:
        """Append one line in pieces, and remove the pieces if an error occurs.

        Yields:
            A function that appends a piece of the line.
        """
        start = self.file.tell() if self.file and _is_regular(self.file) else None
        try:
            yield self._append
            self._append("\n")
        except BaseException:
            if self.file and start is not None:
                self.file.truncate(start)
            raise

    def _append(self, text: str) -> None:
        if self.file is None:
            return
        try:
            # Bytes of a file name that are not UTF-8 are written as \udcXX, a valid JSON escape.
            rest = memoryview(text.encode("utf-8", "backslashreplace"))
            while rest:  # on a nearly full disk, only a part is written
                rest = rest[self.file.write(rest) :]
        except OSError as error:
            raise RunError(
                f"{self.path}: expected to write a line. Received: {error.strerror}; "
                "earlier lines are kept. Repeat the command to continue after them."
            ) from error


@contextmanager
def open_output(path: str | None) -> Iterator[JsonLines]:
    """Open and lock the output file of a verb, and remove the lines of unfinished input files.

    Args:
        path: a file, device or pipe; None for no output.

    Raises:
        UsageError: the file cannot be written, another call is writing it, stdout is redirected to
            it, or it is not the output of a verb. The file is not changed.
    """
    if path is None:
        yield JsonLines("", None)
        return
    target = Path(path).resolve() if Path(path).is_file() else Path(path)
    while True:
        with _open_exclusively(target) as file:
            remove_leftovers(target.parent, target.name)
            finished = finished_files(target)
            if _is_file_at(file, target):  # false if `finished_files` has replaced the file
                yield JsonLines(path, file, finished)
                return


def finished_files(path: Path) -> set[str]:
    """Return the finished input files, and remove the lines of unfinished ones from the output.

    Unfinished files have a line with an error, or an incomplete last line left by a crash.

    Args:
        path: the output of an earlier call; a device or a pipe counts as empty.

    Raises:
        UsageError: the file is not the output of a verb. The file is not changed.
    """
    if not path.is_file():
        return set()
    finished: set[str] = set()
    failed_lines: set[int] = set()
    size = 0
    with open_file(path) as file:
        for number, line in enumerate(_complete_lines(file, path), start=1):
            row = _parse_row(line)
            if row is None:
                raise _output_error(f"{path}, line {number}", line[:60])
            if row.get("error") is not None:
                failed_lines.add(number)
            else:
                finished.add(row["file"])
            size += len(line)
    if size < path.stat().st_size:
        os.truncate(path, size)
    if failed_lines:
        _remove_lines(path, failed_lines)
    return finished


def _complete_lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """Yield the complete lines of a file; raise UsageError unless all start with `LINE_START`."""
    while line := file.readline(len(LINE_START)):
        if not LINE_START.startswith(line):
            raise _output_error(str(path), line)
        line += file.readline()
        if line.endswith(b"\n"):
            yield line


def _parse_row(line: bytes) -> Row | None:
    """Return the prediction in a JSON line, or None if the line is not a prediction.

    Predictions have a key `error` or a value that is not text; rows of caption tables do not.
    """
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict) or not isinstance(row.get("file"), str):
        return None
    structured = any(not isinstance(row[key], str) for key in row.keys() - {"file"})
    return row if structured or "error" in row else None


def _output_error(place: str, line: bytes) -> UsageError:
    """Return the error for a file that was not written by a prediction verb."""
    return UsageError(
        f"{place}: expected the JSON lines of an earlier call. Received: {line!r}; "
        "choose another --output."
    )


def _remove_lines(path: Path, numbers: Set[int]) -> None:
    """Replace a file by a copy without the lines that have the given numbers."""

    def copy_lines(target: IO[bytes]) -> None:
        with open_file(path) as source:
            os.fchmod(target.fileno(), stat.S_IMODE(os.fstat(source.fileno()).st_mode))
            target.writelines(line for n, line in enumerate(source, start=1) if n not in numbers)

    write_file(path, copy_lines)


def _open_exclusively(path: Path) -> BinaryIO:
    """Open a file for appending, and lock a regular file until it is closed."""
    try:
        file = path.open("ab", buffering=0)
    except OSError as error:
        raise UsageError(
            f"{path}: expected a file that can be written. Received: {error.strerror}."
        ) from error
    if path.is_file() and (reason := _conflict(file, path)):
        file.close()
        raise UsageError(f"{path}: {reason}, or choose another --output.")
    return file


def _conflict(file: BinaryIO, path: Path) -> str | None:
    """Return the reason why this call cannot write a file exclusively, or None."""
    if sys.__stdout__ and _is_same_file(file, os.fstat(sys.__stdout__.fileno())):
        return "stdout is redirected to this file. Redirect it elsewhere"
    if not (lock_file(file) and _is_file_at(file, path)):
        return "another call is writing this file. Wait for it"
    return None


def _is_file_at(file: BinaryIO, path: Path) -> bool:
    """Return whether a path still refers to the given open file."""
    return path.exists() and _is_same_file(file, path.stat())


def _is_same_file(file: BinaryIO, status: os.stat_result) -> bool:
    return os.path.samestat(os.fstat(file.fileno()), status)


def _is_regular(file: BinaryIO) -> bool:
    return stat.S_ISREG(os.fstat(file.fileno()).st_mode)
