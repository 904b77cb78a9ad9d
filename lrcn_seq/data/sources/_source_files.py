"""Text files and folders that list samples."""

from __future__ import annotations

import json
import os
import reprlib
from pathlib import Path
from typing import Any

from lrcn_seq.errors import DataError
from lrcn_seq.files import read_file
from lrcn_seq.text_encoding import decode_text


def read_text(path: str | Path, what: str) -> str:
    """Return the text of a file; see `decode_text` for its encoding.

    Args:
        path: The file.
        what: The expected content, for messages.

    Raises:
        DataError: If the file is missing, a folder, unreadable or in another encoding.
    """
    try:
        return decode_text(read_file(path))
    except FileNotFoundError:
        place = "" if Path(path).is_absolute() else f" in {Path.cwd()}"
        raise DataError(
            f"{path}: expected {what}; there is no such file{place}. Set the path in data.source."
        ) from None
    except IsADirectoryError:
        raise DataError(
            f"{path}: expected {what}. Received: a folder; give the path of a file."
        ) from None
    except ValueError as error:
        raise DataError(f"{path}: expected {what} in UTF-8. Received: {error}.") from None
    except OSError as error:
        raise DataError(
            f"{path}: expected {what} in a readable file. Received: {error.strerror or error}; "
            "check the permissions and the disk."
        ) from error


def parse_json(text: str) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: If the text is not JSON, is nested too deeply, or an object has a key twice.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique_keys)
    except RecursionError:
        raise ValueError("values are nested too deeply") from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the dictionary of a JSON object; raise ValueError if a key is repeated."""
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {max(keys, key=keys.count)!r} is repeated in one object")
    return values


def abbreviate(value: Any) -> str:
    """Return a JSON value as a text for messages, in which long parts are abbreviated."""
    representation = reprlib.Repr()
    representation.maxstring = representation.maxother = 60
    representation.maxdict = representation.maxlevel = 4
    return representation.repr(value)


def check_text(text: str, place: str) -> None:
    """Raise DataError if a text of a JSON file contains NUL or half of a surrogate pair.

    Args:
        text: The text.
        place: The place to name in messages.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        received = "half of a surrogate pair"
    else:
        received = "a NUL character"
        if "\0" not in text:
            return
    raise DataError(f"{place}: expected text. Received: {received} in {text[:60]!r}; remove it.")


def list_files(folder: str | Path, what: str) -> set[str]:
    """Return the names of the files in a folder.

    Args:
        folder: The folder.
        what: The expected content, for messages.

    Raises:
        DataError: If the folder is missing or unreadable.
    """
    return {entry.name for entry in list_entries(folder, what) if not is_folder(entry)}


def list_entries(folder: str | Path, what: str) -> list[os.DirEntry[str]]:
    """Return the entries of a folder, sorted by name.

    Takes the arguments of `list_files`, and raises the same exceptions.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        raise DataError(
            f"{folder}: expected a folder with {what}; there is no such folder."
        ) from None
    except OSError as error:
        raise DataError(
            f"{folder}: expected a readable folder with {what}. "
            f"Received: {error.strerror or error}; check the path and its permissions."
        ) from error


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder or a link to a folder; False for a circular link."""
    try:
        return entry.is_dir()
    except OSError:
        return False
