"""Files and overrides named on the command line."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from lrcn_seq.errors import UsageError

OVERRIDE = re.compile(r"\w+(\.\w+)*=")


def split_overrides(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split a list of arguments into file names and overrides.

    Args:
        names: file names and `section.key=value`, mixed.

    Returns:
        The file names and the overrides; the name of an existing file is never an override.
    """
    overrides = [name for name in names if OVERRIDE.match(name) and not Path(name).exists()]
    return [name for name in names if name not in overrides], overrides


def expand_files(names: Sequence[str]) -> list[str]:
    """Replace folders by their files and globs by their matches.

    Args:
        names: files, folders and globs. Hidden files in folders are skipped; a file that does not
            exist is kept, so that reading it gives an error.

    Returns:
        File names in order, without duplicates.

    Raises:
        UsageError: no name is given, a folder is empty or unreadable, or a glob has no match.
    """
    files = [file for name in names for file in _expand(name)]
    if not files:
        raise UsageError("Expected at least one file, folder or glob. Received: none.")
    return list(dict.fromkeys(files))


def _expand(name: str) -> list[str]:
    """Return a file itself, the files of a folder, or the matches of a glob."""
    if not name:
        raise UsageError("Expected a file, folder or glob. Received: an empty name.")
    if Path(name).is_dir():
        return _folder_files(name)
    if any(character in name for character in "*?[") and not Path(name).exists():
        # Path.glob does not accept absolute patterns.
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207
        if not matches:
            raise UsageError(f"{name}: no file matches.")
        return matches
    return [name]


def _folder_files(folder: str) -> list[str]:
    """Return the visible files of a folder and its subfolders, sorted."""
    files = sorted(
        str(path)
        for parent, _, names in os.walk(folder, onerror=_raise_unreadable)
        for path in map(Path(parent).joinpath, names)
        if path.is_file() and not path.name.startswith(".")
    )
    if not files:
        raise UsageError(f"{folder}: expected a folder with files; it is empty.")
    return files


def _raise_unreadable(error: OSError) -> NoReturn:
    """Raise UsageError for a folder that cannot be listed."""
    raise UsageError(
        f"{error.filename}: expected a readable folder. Received: {error.strerror}."
    ) from error
