"""The list of Python files that this user has imported as parts.

A run folder may contain code of its parts. This code is executed only if it is on the list, so that
a run of somebody else executes nothing before its user has imported that code by name. The
list holds hashes of the contents. It is kept in the configuration folder of the user, and is
ignored if somebody else may write to it.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from lrcn_seq.files import read_file

_hashes: set[str] = set()
"""Hashes of the code that this process has been told to import."""


def trust(content: bytes, name: str) -> None:
    """Add the content of a file to the list, for this process and for later ones if possible.

    Args:
        content: The content.
        name: Name of the file, which the list states beside the hash.
    """
    line = f"{sha256(content).hexdigest()}  {' '.join(name.split())}\n"
    if not is_trusted(content):
        _hashes.add(line.split(maxsplit=1)[0])
        with suppress(OSError, RuntimeError):  # no home folder, or one that cannot be written
            _append(list_path(), line.encode("utf-8", "backslashreplace"))


def is_trusted(content: bytes) -> bool:
    """Return whether the content of a file is on the list."""
    return sha256(content).hexdigest() in _hashes | _read_hashes()


def list_path() -> Path:
    """Return the path of the list: `lrcn_seq/trusted_parts` in the configuration folder.

    Raises:
        RuntimeError: The user has no home folder.
    """
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "lrcn_seq" / "trusted_parts"


def _read_hashes() -> set[str]:
    """Return the hashes of the list; none if it is missing or others may write to it."""
    with suppress(OSError, RuntimeError):
        if _is_private(list_path()) and _is_private(list_path().parent):
            lines = read_file(list_path()).decode("ascii", "replace").splitlines()
            return {line.split()[0] for line in lines if line.strip()}
    return set()


def _is_private(path: Path) -> bool:
    """Return whether a file or folder belongs to this user, and only this user may write to it."""
    state = path.stat()
    return state.st_uid == os.geteuid() and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "ab", buffering=0) as file:
        file.write(line)
