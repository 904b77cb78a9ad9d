"""The feature store: memory-mapped features of a frozen encoder, of any number of frames.

A folder contains one store per signature (encoder, weights, preprocessing), so that outdated
features are never used:

    FOLDER/1f0c…/store.json      signature, dtype, regions R and features D
                 features.data   rows (R, D)
                 features.index  one record per key: the place of its rows, with checksums
                 lock            locked while rows are appended

Rows are written to disk before their record, so that a killed process loses only the features that
it had not appended; the next append truncates an incomplete record. Rows are never overwritten,
because another process may have mapped them. Several processes may append at the same time.
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
from typing import BinaryIO, Literal, NamedTuple

import numpy as np

from lrcn_seq.errors import DataError

FORMAT = 1
RECORD = np.dtype(
    [("key", "V16"), ("start", "<u8"), ("count", "<u4"), ("rows", "<u4"), ("record", "<u4")]
)
"""A record of the index: digest of the key, first row, number of rows, checksum of the rows,
checksum of the record."""
CHECKED = RECORD.itemsize - 4
"""Number of bytes of a record that are covered by its own checksum."""


class Entry(NamedTuple):
    """The place of the rows of a key, and their checksum."""

    start: int
    rows: int
    checksum: int


class FeatureStore:
    """Features (T, R, D) by key.

    Args:
        folder: the folder of all stores, with a subfolder per signature.
        signature: everything that determines features besides the key; see `key.signature_of`.
        dtype: dtype of the features. float16 halves the size; its relative error of 5e-4 is too
            small to affect training.

    Attributes:
        shape: (R, D); None while the store is empty.

    Raises:
        DataError: the folder cannot be created or is damaged.
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
        self._index_read = (0, 0)
        """Inode of the index, and the number of bytes read from it."""
        self._map: np.ndarray | None = None
        with _data_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self.refresh()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        return _digest(key) in self._entries

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Return the keys without features, each once, in order."""
        self.refresh()
        return [key for key in dict.fromkeys(keys) if key not in self]

    def features(self, key: str) -> np.ndarray:
        """Return the features of a key, (T, R, D), as a view of the memory-mapped file.

        Raises:
            DataError: the key has no features.
        """
        start, count, _ = self._entry(key)
        return self.rows()[start : start + count]

    def places(self, keys: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the first row and the number of rows of each key, (P,) int64, to index `rows`.

        Raises:
            DataError: a key has no features.
        """
        entries = [self._entry(key) for key in keys]
        starts = np.array([entry.start for entry in entries], np.int64)
        return starts, np.array([entry.rows for entry in entries], np.int64)

    def rows(self) -> np.ndarray:
        """Return all rows, (N, R, D), memory-mapped.

        Raises:
            DataError: the store is empty.
        """
        end = self._end()
        if self._map is None or len(self._map) < end:
            if self.shape is None or not end:
                raise DataError(
                    f"{self.folder}: expected stored features. Received: an empty store; "
                    "extract them first."
                )
            self._map = np.memmap(self._data, self.dtype, "r", shape=(end, *self.shape))
        return self._map

    def append(self, keys: Sequence[str], features: Sequence[np.ndarray]) -> None:
        """Add features; keys that exist, such as those added by another process, are skipped.

        Args:
            keys: the keys.
            features: the features (T, R, D) of each key.

        Raises:
            DataError: the disk is full or not writable, or the features do not fit this store.
        """
        converted = [self._converted(rows) for rows in features]
        with _data_errors(self.folder), self._locked():
            self.refresh()
            self._check_shape(converted)
            new = {
                _digest(key): rows
                for key, rows in zip(keys, converted, strict=True)
                if key not in self
            }
            if new:
                self._write(new)
            self.refresh()

    def verify(self) -> int:
        """Verify the checksums of all rows, and remove the keys of damaged rows.

        Returns:
            The number of keys whose features were damaged.
        """
        with _data_errors(self.folder), self._locked():
            self.refresh()
            intact = {
                key: entry
                for key, entry in self._entries.items()
                if zlib.crc32(self.rows()[entry.start :][: entry.rows].tobytes()) == entry.checksum
            }
            damaged = len(self) - len(intact)
            if damaged:
                draft = self._index.with_suffix(".draft")
                draft.write_bytes(b"".join(_record(key, entry) for key, entry in intact.items()))
                draft.replace(self._index)
                self.refresh()
        return damaged

    def refresh(self) -> None:
        """Read the records added by other processes.

        Raises:
            DataError: rows are missing from the data file.
        """
        if self.shape is None and self._metadata_file.exists():
            about = json.loads(self._metadata_file.read_text(encoding="utf-8"))
            self.shape = (about["regions"], about["features"])
        state = self._index.stat() if self._index.exists() else None
        if state is None or (state.st_ino, state.st_size) == self._index_read:
            return
        inode, size = self._index_read
        start = size if state.st_ino == inode and state.st_size > size else 0
        if not start:
            self._entries = {}
        self._index_read = (state.st_ino, start + self._read_index(start))
        if self._end() * self._row_size() > self._data.stat().st_size:
            raise DataError(
                f"{self._data}: expected {self._end():,} rows of {self._row_size():,} bytes. "
                f"Received: a shorter file; delete {self.folder} and extract again."
            )

    @property
    def _metadata_file(self) -> Path:
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
                f"{self.folder}: expected stored features of {key}. Received: none; "
                "extract them first."
            )
        return entry

    def _end(self) -> int:
        """Return the end of the last row that has a record."""
        return max((entry.start + entry.rows for entry in self._entries.values()), default=0)

    def _row_size(self) -> int:
        """Return the size of a row in bytes."""
        return 0 if self.shape is None else self.dtype.itemsize * self.shape[0] * self.shape[1]

    def _read_index(self, start: int) -> int:
        """Read the records from byte `start` up to the first incomplete or damaged one.

        Returns:
            The number of bytes read.
        """
        raw = np.fromfile(self._index, np.uint8, offset=start).tobytes()
        size = 0
        for record in np.frombuffer(raw, RECORD, len(raw) // RECORD.itemsize):
            if zlib.crc32(record.tobytes()[:CHECKED]) != record["record"]:
                break
            self._entries[record["key"].tobytes()] = Entry(
                int(record["start"]), int(record["count"]), int(record["rows"])
            )
            size += RECORD.itemsize
        return size

    def _converted(self, features: np.ndarray) -> np.ndarray:
        """Return features as a contiguous array in the dtype of the store.

        Raises:
            DataError: the features do not have shape (T, R, D) with T ≥ 1, or are not finite.
        """
        features = np.asarray(features)
        if features.ndim != 3 or len(features) == 0:
            raise DataError(
                "expected features (T, R, D) of at least one frame. "
                f"Received: shape={features.shape}."
            )
        with np.errstate(over="ignore"):
            converted = np.ascontiguousarray(features, self.dtype)
        if not np.isfinite(converted).all():
            cause = (
                "numbers beyond the range of float16; store float32"
                if np.isfinite(features).all()
                else "infinite numbers or NaN from the encoder"
            )
            raise DataError(f"expected finite features. Received: {cause}.")
        return converted

    def _check_shape(self, features: Sequence[np.ndarray]) -> None:
        """Raise DataError unless all rows have one shape; record the shape of an empty store."""
        shapes = {rows.shape[1:] for rows in features} | ({self.shape} if self.shape else set())
        if len(shapes) > 1:
            raise DataError(
                f"{self.folder}: expected features of one shape (R, D). Received: {sorted(shapes)}."
            )
        if self.shape is None and shapes:
            ((regions, size),) = shapes
            self.shape = regions, size
            about = {
                "format": FORMAT,
                "signature": self.signature,
                "dtype": self.dtype.name,
                "regions": regions,
                "features": size,
            }
            draft = self._metadata_file.with_suffix(".draft")
            draft.write_text(json.dumps(about, indent=1), encoding="utf-8")
            draft.replace(self._metadata_file)

    def _write(self, new: dict[bytes, np.ndarray]) -> None:
        """Append rows and then their records, while the lock is held.

        Rows are appended after all bytes ever written, records after the last intact record.
        """
        written = self._data.stat().st_size if self._data.exists() else 0
        end, records = -(-written // self._row_size()), []
        with _opened_at(self._data, end * self._row_size()) as data:
            for key, rows in new.items():
                data.write(rows.data)
                records.append(_record(key, Entry(end, len(rows), zlib.crc32(rows.data))))
                end += len(rows)
        with _opened_at(self._index, self._index_read[1]) as index:
            index.write(b"".join(records))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the store; the system releases it when the process dies."""
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
def _opened_at(path: Path, size: int) -> Iterator[BinaryIO]:
    """Open a file for writing from byte `size`; sync it at the end, or truncate it on error."""
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
def _data_errors(folder: Path) -> Iterator[None]:
    """Convert errors of the file system to DataErrors."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{folder}: features cannot be stored here ({error.strerror or error}). "
            "Free space or choose another folder; features stored before are kept."
        ) from error
