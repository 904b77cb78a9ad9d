"""Reading of regular files, atomic replacement of files, and the JSON files of a run folder.

Every reader of a file that the user names opens it with `open_file`, which refuses FIFOs, devices
and sockets: reading them could wait or go on forever. A file is replaced by writing a temporary
file, fsync, rename, and fsync of the folder.
"""

from __future__ import annotations

import codecs
import errno
import json
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeVar

from lrcn_seq.errors import RunError

T = TypeVar("T")

BYTE_ORDER_MARKS = {
    # UTF-32 comes first, because its mark begins with that of UTF-16.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""The encodings that are read besides UTF-8, by the byte order mark of the file."""


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


def decode_text(content: bytes) -> str:
    r"""Decode a text file, and convert its line ends to `\n`.

    Args:
        content: The bytes of the file: UTF-8 with or without byte order mark, or UTF-16 or UTF-32
            with one.

    Raises:
        ValueError: The bytes have another encoding or contain NUL; the message is a phrase that
            states what was received and what to do.
    """
    encoding = next(
        (name for mark, name in BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8-sig"
    )
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(_encoding_problem(content, error)) from None
    if "\0" in text:
        raise ValueError(_nul_problem(content, text))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoding_problem(content: bytes, error: UnicodeDecodeError) -> str:
    """Describe bytes that are not in the expected encoding, and name the probable one."""
    if utf16 := _utf16_name(content):
        return f"{utf16} without byte order mark; save the file as UTF-8"
    place = f"invalid bytes at position {error.start}"
    if error.encoding == "utf-8" and _is_cp1252(content):
        return (
            f"{place}, probably cp1252 (Windows); save the file as UTF-8, for example with "
            "`iconv -f cp1252 -t utf-8`"
        )
    return f"{place}; save the file as UTF-8"


def _nul_problem(content: bytes, text: str) -> str:
    """Describe NUL characters, which no text contains."""
    if utf16 := _utf16_name(content):
        return f"{utf16} without byte order mark; save the file as UTF-8"
    line = text[: text.index("\0")].count("\n") + 1
    return f"a NUL character in line {line:,}; repair the file, or save it as UTF-8"


def _is_cp1252(content: bytes) -> bool:
    """Return whether bytes are a text in the usual encoding of Windows."""
    try:
        return "\0" not in content.decode("cp1252")
    except UnicodeDecodeError:
        return False


def _utf16_name(content: bytes) -> str | None:
    """Return `UTF-16-LE` or `UTF-16-BE` if bytes are probably such a text."""
    if len(content) % 2 or content.startswith(tuple(BYTE_ORDER_MARKS)):
        return None
    # The first bytes of the letters of an alphabet are small. Chinese text has line ends, whose
    # first byte is NUL, and is not valid UTF-8.
    small = [sum(map(half.count, range(16))) / len(half) for half in (content[::2], content[1::2])]
    zeros = [content[::2].count(0), content[1::2].count(0)]
    for name, high, low in (("UTF-16-BE", 0, 1), ("UTF-16-LE", 1, 0)):
        is_chinese = zeros[high] * 50 >= len(content) and not _is_utf8(content)
        if zeros[high] > 10 * zeros[low] and (small[high] > 0.8 or is_chinese):
            return name
    return None


def _is_utf8(content: bytes) -> bool:
    """Return whether bytes can be decoded as UTF-8."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


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
        parse: converts the JSON value; may raise ValueError, TypeError, AttributeError or
            KeyError.

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
        parse: converts the list of all values; may raise the errors listed for `read_json`.

    Returns:
        The result of `parse`.

    Raises:
        RunError: the file is missing or damaged.
    """
    return _parsed(
        path, content, lambda text: parse([json.loads(line) for line in text.split("\n") if line])
    )


def _parsed(path: Path, content: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(read_file(path).decode())
    except (
        OSError,
        ValueError,
        AttributeError,
        TypeError,
        KeyError,
        OverflowError,
        RecursionError,
    ) as error:
        reason = (
            f"the key {error} is missing"
            if isinstance(error, KeyError)
            else getattr(error, "strerror", None) or error
        )
        raise RunError(
            f"{path}: expected {content} as JSON. Received: {reason}; the run is damaged."
        ) from error
