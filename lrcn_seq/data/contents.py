"""What files contain, by hash, remembered so that a file is read once."""

from __future__ import annotations

import json
import os
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lrcn_seq.data.video import frame_files
from lrcn_seq.errors import DataError, MediaError

PIECE = 1 << 20


class Contents:
    """Hashes of files, and what is known about a content, in one append-only file of JSON lines.

    A hash is remembered by path, size and time of change (nanoseconds). Several threads and processes may share the file:
    a line is written by one call, a line cut short by a crash is skipped, and the last word on a thing counts.

    Args:
        path: the file; None remembers within this object only.
        verify: read every file again instead of trusting size and time.
    """

    def __init__(self, path: str | Path | None = None, *, verify: bool = False):
        self.path, self.verify = None if path is None else Path(path), verify
        self._hashes: dict[str, tuple[int, int, str]] = {}
        self._facts: dict[str, Any] = {}
        self._fresh: set[str] = set()
        if self.path is not None and self.path.exists():
            self._recall()

    def hash(self, media: Any) -> str:
        """The hash of the bytes of a file, or of all frames of a folder; of the key of a drawing; of the pixels of a picture given.

        Raises:
            MediaError: the file is missing or may not be read.
        """
        if hasattr(media, "draw"):
            return f"drawing:{media.key}"
        if isinstance(media, (np.ndarray, Image.Image)):
            pixels = np.asarray(media)
            return blake2b(
                f"{pixels.shape}{pixels.dtype}".encode() + np.ascontiguousarray(pixels).tobytes(),
                digest_size=16,
            ).hexdigest()
        path = Path(os.fspath(media))
        if path.is_dir():
            inside = [f"{file.name}:{self._of_file(file)}" for file in sorted(frame_files(path))]
            return blake2b(
                "\n".join(inside).encode("utf-8", "surrogateescape"), digest_size=16
            ).hexdigest()
        return self._of_file(path)

    def fact(self, name: str) -> Any:
        """What was noted under this name; KeyError where nothing was."""
        return self._facts[name]

    def knows(self, name: str) -> bool:
        return name in self._facts

    def note(self, name: str, value: Any) -> None:
        """Remembers a JSON value under a name (which should contain a hash)."""
        self._facts[name] = value
        self._append({"fact": name, "value": value})

    def _of_file(self, path: Path) -> str:
        name = str(path.absolute())
        try:
            state = path.stat()
            known = self._hashes.get(name)
            trusted = not self.verify or name in self._fresh
            if known and trusted and known[:2] == (state.st_size, state.st_mtime_ns):
                return known[2]
            content = _hash_file(path)
        except FileNotFoundError:
            raise MediaError(str(path), "there is no such file.") from None
        except OSError as error:
            raise MediaError(
                str(path), f"this file cannot be read ({error.strerror or error})."
            ) from error
        self._hashes[name] = (state.st_size, state.st_mtime_ns, content)
        self._fresh.add(name)
        if known != self._hashes[name]:
            self._append(
                {"path": name, "size": state.st_size, "time": state.st_mtime_ns, "content": content}
            )
        return content

    def _recall(self) -> None:
        for line in self.path.read_bytes().split(b"\n"):
            try:
                entry = json.loads(line)
                if "path" in entry:
                    self._hashes[entry["path"]] = (entry["size"], entry["time"], entry["content"])
                else:
                    self._facts[entry["fact"]] = entry["value"]
            except (ValueError, KeyError, TypeError):
                continue

    def _append(self, entry: dict[str, Any]) -> None:
        if self.path is None:
            return
        # The line end comes first, so that a line cut short by a crash spoils nothing that follows.
        line = b"\n" + json.dumps(entry).encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, "ab", buffering=0) as file:  # noqa: PTH123 (unbuffered: one call, one line)
                file.write(line)
        except OSError as error:
            raise DataError(
                f"{self.path}: expected a file that can be written ({error.strerror or error}); free space or choose another folder."
            ) from error


def _hash_file(path: Path) -> str:
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
