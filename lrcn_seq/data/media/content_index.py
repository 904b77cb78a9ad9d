"""A persistent index of file hashes and of facts about file contents."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from lrcn_seq.errors import DataError, MediaError
from lrcn_seq.files import open_file, read_file

CHUNK = 1 << 20
"""Number of bytes read at once to hash a file."""


class ContentIndex:
    """Content hashes of files, and facts about contents, in one append-only file of JSON lines.

    A hash is valid for a path, size and modification time (in nanoseconds). Threads and processes
    may share the file: each line is one system call, incomplete and damaged lines are skipped,
    and the last line about a path or fact is used.

    Args:
        path: the file; None keeps the index in memory only.
        verify: whether to hash every file again instead of trusting its size and modification time.
    """

    def __init__(self, path: str | Path | None = None, *, verify: bool = False):
        self.path, self.verify = None if path is None else Path(path), verify
        self._hashes: dict[str, tuple[int, int, str]] = {}
        self._facts: dict[str, Any] = {}
        self._hashed_now: set[str] = set()
        if self.path is not None and os.path.lexists(self.path):
            self._load(self.path)

    def hash_file(self, path: Path) -> str:
        """Return the hash of the bytes of a file.

        Raises:
            MediaError: the file is missing or unreadable.
        """
        name = str(path.absolute())
        try:
            state = path.stat()
            entry = self._hashes.get(name)
            trusted = not self.verify or name in self._hashed_now
            if entry and trusted and entry[:2] == (state.st_size, state.st_mtime_ns):
                return entry[2]
            content = _hash_bytes(path)
        except FileNotFoundError:
            raise MediaError(str(path), "there is no such file.") from None
        except (OSError, ValueError) as error:  # ValueError: the path contains a NUL character.
            reason = getattr(error, "strerror", None) or error
            raise MediaError(str(path), f"this file cannot be read ({reason}).") from error
        self._hashes[name] = (state.st_size, state.st_mtime_ns, content)
        self._hashed_now.add(name)
        if entry != self._hashes[name]:
            self._append(
                {"path": name, "size": state.st_size, "time": state.st_mtime_ns, "content": content}
            )
        return content

    def hash_files(self, paths: Sequence[Path]) -> str:
        """Return one hash of the names and contents of files.

        Raises:
            MediaError: a file is missing or unreadable.
        """
        lines = [f"{path.name}:{self.hash_file(path)}" for path in sorted(paths)]
        return _digest("\n".join(lines).encode("utf-8", "surrogateescape"))

    def has_fact(self, name: str) -> bool:
        """Return whether a fact is stored under a name."""
        return name in self._facts

    def fact(self, name: str) -> Any:
        """Return the fact stored under a name, or raise KeyError."""
        return self._facts[name]

    def add_fact(self, name: str, value: Any) -> None:
        """Store a JSON value under a name, which should contain a content hash."""
        self._facts[name] = value
        self._append({"fact": name, "value": value})

    def _load(self, path: Path) -> None:
        try:
            content = read_file(path)
        except FileNotFoundError:  # a link to a file that does not exist yet
            return
        except OSError as error:
            raise DataError(
                f"{path}: expected the index of file contents ({error.strerror or error}); "
                "delete it or choose another folder."
            ) from error
        for line in content.split(b"\n"):
            try:
                self._load_entry(json.loads(line))
            except (ValueError, KeyError, TypeError, RecursionError):
                continue

    def _load_entry(self, entry: dict[str, Any]) -> None:
        if "path" not in entry:
            self._facts[entry["fact"]] = entry["value"]
        elif isinstance(entry["content"], str):
            self._hashes[entry["path"]] = (entry["size"], entry["time"], entry["content"])

    def _append(self, entry: dict[str, Any]) -> None:
        if self.path is None:
            return
        # The newline comes first, so that an incomplete line left by a crash stays separate.
        line = b"\n" + json.dumps(entry).encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Without a buffer, one system call writes the line.
            with open(self.path, "ab", buffering=0) as file:  # noqa: PTH123
                file.write(line)
        except OSError as error:
            raise DataError(
                f"{self.path}: expected a writable file ({error.strerror or error}); "
                "free space or choose another folder."
            ) from error


def hash_pixels(pixels: np.ndarray) -> str:
    """Return the hash of the shape, type and bytes of an array."""
    return _digest(
        f"{pixels.shape}{pixels.dtype}".encode() + np.ascontiguousarray(pixels).tobytes()
    )


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()


def _hash_bytes(path: Path) -> str:
    digest = blake2b(digest_size=16)
    with open_file(path) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
