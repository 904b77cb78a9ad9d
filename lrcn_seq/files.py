"""Reading of regular files, atomic replacement of files, and the JSON files of a run folder.

Every reader of a file that the user names opens it with `open_file`, which refuses FIFOs, devices
and sockets: reading them could wait or go on forever. A file is replaced by writing a temporary
file, fsync, rename, and fsync of the folder.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeVar

from lrcn_seq.errors import RunError, translate_errors

T = TypeVar("T")


def open_file(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file, or a link to one, for reading in binary mode.

    Raises:
        OSError: the path is missing, unreadable or a folder, or it is a FIFO, a device or a
            socket, for which `errno` is None.
    """
    _check_type(Path(path).stat(), path)
    # The file may have been replaced since: without O_NONBLOCK, opening a FIFO would wait.
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        _check_type(os.fstat(handle), path)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def check_file(path: str | os.PathLike[str]) -> None:
    """Raise OSError unless a path is a regular file that can be opened; see `open_file`."""
    open_file(path).close()


def read_file(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a regular file; see `open_file`."""
    with open_file(path) as file:
        return file.read()


def _check_type(state: os.stat_result, path: str | os.PathLike[str]) -> None:
    if stat.S_ISREG(state.st_mode):
        return
    if stat.S_ISDIR(state.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    types = {stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}
    received = types.get(stat.S_IFMT(state.st_mode), "a device")
    raise OSError(f"expected a regular file. Received: {received}")


def write_file(path: str | Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Replace a file; a crash at any moment leaves the old file or the new one.

    Args:
        path: the file to replace.
        fill: writes the new content to a binary file object.

    Raises:
        RunError: the file cannot be written, for example for lack of disk space.
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
            f"{path}: expected to write this file. Received: {error.strerror or error}; the old "
            "file is unchanged. Fix the cause and run the command again (training: --resume)."
        ) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
    sync_folder(path.parent)


def write_text(path: str | Path, text: str) -> None:
    """Replace a file by UTF-8 text, as atomically as `write_file`.

    Surrogates, which represent undecodable bytes of file names, are escaped as in JSON.

    Args:
        path: the file to replace.
        text: the new content.

    Raises:
        RunError: the file cannot be written.
    """
    write_file(path, lambda file: file.write(text.encode("utf-8", "backslashreplace")))


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to disk, which makes renames durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_json(path: Path, content: str, parse: Callable[[Any], T]) -> T:
    """Read a JSON file of a run folder.

    Args:
        path: the file.
        content: description of the content, for messages.
        parse: converts the JSON value; may raise any exception.

    Returns:
        The result of `parse`.

    Raises:
        RunError: the file is missing or damaged.
    """
    return _parsed(path, content, lambda text: parse(json.loads(text)))


def read_json_lines(path: Path, content: str, parse: Callable[[list[Any]], T]) -> T:
    """Read a JSON Lines file of a run folder.

    Args:
        path: the file.
        content: description of the content, for messages.
        parse: converts the list of all values; may raise any exception.

    Returns:
        The result of `parse`.

    Raises:
        RunError: the file is missing or damaged.
    """
    return _parsed(
        path, content, lambda text: parse([json.loads(line) for line in text.split("\n") if line])
    )


def _parsed(path: Path, content: str, parse: Callable[[str], T]) -> T:
    def damaged(reason: str) -> RunError:
        return RunError(
            f"{path}: expected {content} as JSON. Received: {reason}; the run is damaged."
        )

    with translate_errors(damaged):
        return parse(read_file(path).decode())
