"""The feature store: what a frozen encoder gave, on disk, memory-mapped, ragged.

A folder holds one store for each signature (encoder, weights, preprocessing), so a stale feature cannot be used:

    FOLDER/1f0c…/store.json      signature, type of number, regions R and features D
                 features.data   rows (R, D), one after the other
                 features.index  one record a key: where its rows are, with checksums
                 lock            held while rows are appended

Rows reach the disk before the record that names them, so a process killed at any moment loses at most what it had not
appended; a record that it left half-written is cut off by the next one. Rows are never written over, since another process may
have them mapped. Several processes may append at once.
"""

from __future__ import annotations

import fcntl
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from lrcn_seq.errors import DataError
from lrcn_seq.records import Preprocessing

FORMAT = 1
RECORD = np.dtype(
    [("key", "V16"), ("start", "<u8"), ("count", "<u4"), ("rows", "<u4"), ("record", "<u4")]
)
CHECKED = RECORD.itemsize - 4


class Entry(NamedTuple):
    """Where the rows of a key lie, and their checksum."""

    start: int
    count: int
    checksum: int


def signature_of(identity: str, preprocessing: Preprocessing) -> str:
    """What decides features besides the media: the encoder's identity, and how pixels reach it."""
    return f"pixels-{FORMAT}:{json.dumps(preprocessing._asdict(), sort_keys=True)}:{identity}"


class FeatureStore:
    """Features (T, R, D) by key.

    Args:
        folder: of all stores; each signature has a folder of its own in it.
        signature: everything that decides the features but the key, see `signature_of`.
        dtype: float16 halves the size; its error (5e-4 relative) is below what training notices.

    Raises:
        DataError: the folder cannot be made or is damaged.
    """

    def __init__(
        self, folder: str | Path, signature: str, dtype: Literal["float16", "float32"] = "float16"
    ):
        self.signature, self.dtype = signature, np.dtype(dtype)
        self.folder = (
            Path(folder) / blake2b(f"{signature}:{dtype}".encode(), digest_size=12).hexdigest()
        )
        self.shape: tuple[int, int] | None = None
        self._entries: dict[bytes, Entry] = {}
        self._seen = (0, 0)
        self._map: np.ndarray | None = None
        with _sentences(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self.refresh()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        return _digest(key) in self._entries

    def missing(self, keys: Iterable[str]) -> list[str]:
        """The keys that have no features yet, each once, in order."""
        self.refresh()
        return [key for key in dict.fromkeys(keys) if key not in self]

    def features(self, key: str) -> np.ndarray:
        """The features (T, R, D) of a key: a view of the file, read from the disk when touched.

        Raises:
            DataError: there are none.
        """
        start, count, _ = self._entry(key)
        return self.rows()[start : start + count]

    def places(self, keys: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """First row and number of rows (P,) of each key, for gathering many out of `rows`."""
        entries = [self._entry(key) for key in keys]
        return np.array([entry.start for entry in entries], np.int64), np.array(
            [entry.count for entry in entries], np.int64
        )

    def rows(self) -> np.ndarray:
        """All rows (N, R, D), memory-mapped."""
        end = self._end()
        if self._map is None or len(self._map) < end:
            if self.shape is None or not end:
                raise DataError(
                    f"{self.folder}: expected stored features. Received: an empty store; extract them first."
                )
            self._map = np.memmap(self._data, self.dtype, "r", shape=(end, *self.shape))
        return self._map

    def append(self, keys: Sequence[str], features: Sequence[np.ndarray]) -> None:
        """Adds features (T, R, D) of keys; those that another process added meanwhile are left as they are.

        Raises:
            DataError: the disk is full or not writable, or the features do not fit this store.
        """
        stored = [self._converted(several) for several in features]
        with _sentences(self.folder), self._locked():
            self.refresh()
            self._settle_shape(stored)
            new = {
                _digest(key): rows
                for key, rows in zip(keys, stored, strict=True)
                if key not in self
            }
            if new:
                self._write(new)
            self.refresh()

    def verify(self) -> int:
        """Compares all rows with their checksums, forgets those that are damaged, and says how many they were."""
        with _sentences(self.folder), self._locked():
            self.refresh()
            intact = {
                key: entry
                for key, entry in self._entries.items()
                if zlib.crc32(self.rows()[entry.start :][: entry.count].tobytes()) == entry.checksum
            }
            damaged = len(self) - len(intact)
            if damaged:
                draft = self._index.with_suffix(".draft")
                draft.write_bytes(b"".join(_record(key, entry) for key, entry in intact.items()))
                draft.replace(self._index)
                self.refresh()
        return damaged

    def refresh(self) -> None:
        """Learns what other processes have added."""
        if self.shape is None and self._about.exists():
            about = json.loads(self._about.read_text(encoding="utf-8"))
            self.shape = (about["regions"], about["features"])
        state = self._index.stat() if self._index.exists() else None
        if state is None or (state.st_ino, state.st_size) == self._seen:
            return
        known = (
            self._seen[1] if state.st_ino == self._seen[0] and state.st_size > self._seen[1] else 0
        )
        if not known:
            self._entries = {}
        valid = known + self._read_index(known)
        self._seen = (state.st_ino, valid)
        if self._end() * self._row_size() > self._data.stat().st_size:
            raise DataError(
                f"{self._data}: expected {self._end():,} rows of {self._row_size():,} bytes. Received: a shorter file; delete {self.folder} and extract again."
            )

    @property
    def _about(self) -> Path:
        return self.folder / "store.json"

    @property
    def _data(self) -> Path:
        return self.folder / "features.data"

    @property
    def _index(self) -> Path:
        return self.folder / "features.index"

    def _entry(self, key: str) -> Entry:
        entry = self._entries.get(_digest(key))
        if entry is None:
            raise DataError(
                f"{self.folder}: expected stored features of {key}. Received: none; extract them first."
            )
        return entry

    def _end(self) -> int:
        return max((entry.start + entry.count for entry in self._entries.values()), default=0)

    def _row_size(self) -> int:
        return 0 if self.shape is None else self.dtype.itemsize * self.shape[0] * self.shape[1]

    def _read_index(self, known: int) -> int:
        """Takes in the records after `known` bytes up to the first that is cut short or damaged; the bytes taken in."""
        raw = np.fromfile(self._index, np.uint8, offset=known).tobytes()
        taken = 0
        for record in np.frombuffer(raw, RECORD, len(raw) // RECORD.itemsize):
            if zlib.crc32(record.tobytes()[:CHECKED]) != record["record"]:
                break
            self._entries[record["key"].tobytes()] = Entry(
                int(record["start"]), int(record["count"]), int(record["rows"])
            )
            taken += RECORD.itemsize
        return taken

    def _converted(self, features: np.ndarray) -> np.ndarray:
        features = np.asarray(features)
        if features.ndim != 3 or len(features) == 0:
            raise DataError(
                f"expected features (T, R, D) of at least one frame. Received: shape={features.shape}."
            )
        with np.errstate(over="ignore"):
            stored = np.ascontiguousarray(features, self.dtype)
        if not np.isfinite(stored).all():
            cause = (
                "numbers beyond the range of float16; store float32"
                if np.isfinite(features).all()
                else "infinite numbers or NaN from the encoder"
            )
            raise DataError(f"expected finite features. Received: {cause}.")
        return stored

    def _settle_shape(self, stored: Sequence[np.ndarray]) -> None:
        shapes = {rows.shape[1:] for rows in stored} | ({self.shape} if self.shape else set())
        if len(shapes) > 1:
            raise DataError(
                f"{self.folder}: expected features of one shape (R, D). Received: {sorted(shapes)}."
            )
        if self.shape is None and shapes:
            (self.shape,) = shapes
            about = {
                "format": FORMAT,
                "signature": self.signature,
                "dtype": self.dtype.name,
                "regions": self.shape[0],
                "features": self.shape[1],
            }
            draft = self._about.with_suffix(".draft")
            draft.write_text(json.dumps(about, indent=1), encoding="utf-8")
            draft.replace(self._about)

    def _write(self, new: dict[bytes, np.ndarray]) -> None:
        """Under the lock: rows first, behind all that was ever written; then the records that name them, behind those that are whole."""
        written = self._data.stat().st_size if self._data.exists() else 0
        end, records = -(-written // self._row_size()), []
        with _opened(self._data, end * self._row_size()) as data:
            for key, rows in new.items():
                data.write(rows.data)
                records.append(_record(key, Entry(end, len(rows), zlib.crc32(rows))))
                end += len(rows)
        with _opened(self._index, self._seen[1]) as index:
            index.write(b"".join(records))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _digest(key: str) -> bytes:
    return blake2b(key.encode("utf-8", "surrogateescape"), digest_size=16).digest()


def _record(key: bytes, entry: Entry) -> bytes:
    record = np.array([(key, *entry, 0)], RECORD)
    record["record"] = zlib.crc32(record.tobytes()[:CHECKED])
    return record.tobytes()


@contextmanager
def _opened(path: Path, size: int) -> Iterator:
    """A file to be written on from `size` bytes; on the disk when the block ends, and so long again if it fails."""
    path.touch()
    try:
        with path.open("r+b") as file:
            file.truncate(size)
            file.seek(size)
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        os.truncate(path, size)
        raise


@contextmanager
def _sentences(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{folder}: features cannot be stored here ({error.strerror or error}). Free space or choose another folder; what was stored stays."
        ) from error
