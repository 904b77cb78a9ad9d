"""Reading of regular files, atomic replacement of files, and the JSON files of a run folder.

Every reader of a file that the user names opens it with `open_file`, which refuses FIFOs, devices
and sockets: reading them could wait or go on forever.

Every file is replaced with `atomic_replacement`: its new content is written in a temporary folder,
flushed to disk and renamed. The name of the temporary folder is unpredictable and the folder is
accessible to its owner alone, so that nobody can place a symbolic link in it. A killed process
leaves its temporary folders; the next process removes those that no process has locked.
"""

from __future__ import annotations

import errno
import glob
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeVar

from lrcn_seq.errors import RunError, translate_errors
from lrcn_seq.locks import acquire

T = TypeVar("T")


def open_file(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file, or a link to one, for reading in binary mode.

    Raises:
        OSError: the path is missing, unreadable or a folder. For a FIFO, a device or a socket, the
            `errno` of the exception is None.
    """
    _check_type(Path(path).stat(), path)
    # A FIFO may have replaced the file since the check; opening a FIFO waits without O_NONBLOCK.
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


def cache_folder() -> Path:
    """Return `LRCN_CACHE`, or the folder `lrcn_seq` in `XDG_CACHE_HOME` or `~/.cache`."""
    folder = os.environ.get("LRCN_CACHE")
    if folder:
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lrcn_seq"


TEMPORARY_SUFFIX = ".lrcn-tmp"
"""Suffix of the names of temporary folders."""
IN_USE = ".in-use"
"""Name of the file in a temporary folder that the process using the folder locks."""
UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
"""Values of `errno` from file systems that cannot flush a file to disk."""
UNSUPPORTED_FOR_FOLDERS = UNSUPPORTED | {errno.EBADF, errno.EACCES, errno.EPERM, errno.EISDIR}
"""Values of `errno` from file systems that cannot open a folder or flush it to disk."""


@contextmanager
def atomic_replacement(path: str | Path) -> Iterator[Path]:
    """Replace a file; a crash at any moment leaves the old file or the new one.

    The new file has the default permissions, restricted by the umask, not those of the old file.

    Args:
        path: the file to replace.

    Yields:
        A path of the same name in a temporary folder, at which to write the new content.

    Raises:
        OSError: the file cannot be written; the old file is unchanged.
    """
    path = Path(path)
    with temporary_folder(path.parent, path.name) as folder:
        yield folder / path.name
        with (folder / path.name).open("rb") as draft:
            sync_file(draft.fileno())
        (folder / path.name).replace(path)
    sync_folder(path.parent)


def reserve_space(path: Path, size: int) -> None:
    """Create a file and, if supported, reserve its size, to find out early if the disk is full.

    Raises:
        OSError: the file cannot be created, for example for lack of disk space.
    """
    with path.open("xb") as file:
        if hasattr(os, "posix_fallocate"):
            with _ignored(UNSUPPORTED):
                os.posix_fallocate(file.fileno(), 0, size)


def write_file(path: str | Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Replace a file by the bytes that a function writes; see `atomic_replacement`.

    Args:
        path: the file to replace.
        fill: writes the new content to a binary file object.

    Raises:
        RunError: the file cannot be written, for example for lack of disk space.
    """
    with (
        _write_errors(path, "the old file"),
        atomic_replacement(path) as draft,
        draft.open("xb") as file,
    ):
        fill(file)


def write_text(path: str | Path, text: str) -> None:
    """Replace a file atomically by UTF-8 text.

    Surrogates, which represent undecodable bytes of file names, are escaped as in JSON.

    Args:
        path: the file to replace.
        text: the new content.

    Raises:
        RunError: the file cannot be written.
    """
    write_file(path, lambda file: file.write(text.encode("utf-8", "backslashreplace")))


def append_text(path: str | Path, text: str) -> None:
    """Append UTF-8 text to a file, which stays unchanged if an error occurs.

    Raises:
        RunError: the file cannot be written, or is a symbolic link, a FIFO or a device.
    """
    with _write_errors(path, "the earlier content"), _open_appending(path) as file:
        size = file.tell()
        try:
            rest = memoryview(text.encode("utf-8", "backslashreplace"))
            while rest:  # a nearly full disk may accept only a part
                rest = rest[file.write(rest) :]
        except BaseException:
            file.truncate(size)
            raise


def _open_appending(path: str | Path) -> FileIO:
    """Open a regular file for appending, creating it if it is missing."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    file = FileIO(os.open(path, flags, 0o666), "ab")
    try:
        _check_type(os.fstat(file.fileno()), path)
    except BaseException:
        file.close()
        raise
    return file


@contextmanager
def _write_errors(path: str | Path, unchanged: str) -> Iterator[None]:
    """Convert an OSError to a RunError; `unchanged` describes what the error left unchanged."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{path}: expected to write this file. Received: {error.strerror or error}; "
            f"{unchanged} is unchanged. Fix the cause and run the command again (training: "
            "--resume)."
        ) from error


@contextmanager
def temporary_folder(parent: Path, name: str) -> Iterator[Path]:
    """Create a folder that only its owner can access, and remove it after the `with` block.

    Temporary folders that killed processes left for the same name are removed first.

    Args:
        parent: the folder in which to create the temporary folder.
        name: the beginning of the name of the temporary folder.

    Yields:
        The path of the folder.

    Raises:
        OSError: the folder cannot be created.
    """
    remove_leftovers(parent, name)
    folder, lock = _create_folder(parent, name)
    with lock:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(parent: Path, name: str | None = None) -> None:
    """Remove the temporary folders of killed processes.

    Args:
        parent: the folder that contains the temporary folders.
        name: the name that was given to `temporary_folder`; None for all names.
    """
    pattern = "*" if name is None else glob.escape(_shortened(name))
    for folder in parent.glob(f".{pattern}.????????{TEMPORARY_SUFFIX}"):
        with suppress(OSError):
            if _is_abandoned(folder):
                shutil.rmtree(folder)


def _is_abandoned(folder: Path) -> bool:
    """Return whether no process uses a temporary folder; remove the folder if it is empty."""
    try:
        with (folder / IN_USE).open("r+b") as lock:
            return acquire(lock) is True
    except FileNotFoundError:  # the process died before creating or after removing the file
        with suppress(OSError):
            folder.rmdir()
        return not (folder / IN_USE).exists()


def _create_folder(parent: Path, name: str) -> tuple[Path, BinaryIO]:
    """Create a temporary folder, and return it with the locked file that marks it as in use."""
    while True:
        folder = Path(
            tempfile.mkdtemp(prefix=f".{_shortened(name)}.", suffix=TEMPORARY_SUFFIX, dir=parent)
        )
        # Another process may remove the folder before the lock is held.
        with suppress(FileNotFoundError):
            lock = (folder / IN_USE).open("xb")
            acquire(lock, wait=True)
            if (folder / IN_USE).exists():
                return folder, lock
            lock.close()


def _shortened(name: str) -> str:
    """Return the first 200 bytes of a name, so that the name of a temporary folder is valid."""
    return os.fsdecode(os.fsencode(name)[:200])


def sync_file(handle: int) -> None:
    """Flush an open file to disk, if the file system supports it."""
    with _ignored(UNSUPPORTED):
        os.fsync(handle)


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to disk, if supported, so that renames survive a crash."""
    with _ignored(UNSUPPORTED_FOR_FOLDERS):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _ignored(errors: frozenset[int]) -> Iterator[None]:
    """Ignore OSErrors with the given values of `errno`."""
    try:
        yield
    except OSError as error:
        if error.errno not in errors:
            raise


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
