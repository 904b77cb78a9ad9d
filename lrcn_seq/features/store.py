"""The feature store: memory-mapped features of a frozen encoder, by the key of a sample.

A folder contains one store per signature (encoder, weights, preprocessing), so that outdated
features are never used:

    FOLDER/1f0c…/store.json      signature, dtype, regions R and features D
                 features.data   rows (R, D)
                 features.index  one record per key: the place of its rows, with checksums
                 lock            locked during an append; contains the data size before the append

Rows are written to disk before their record, so that a killed process loses only the features that
it had not appended; the next append truncates an incomplete record and rows without a record.
Rows with a record are never overwritten, because another process may read them. Several processes
may use one store and append to it.

A damaged record is skipped with a warning, and its features count as missing.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

from lrcn_seq.errors import DataError
from lrcn_seq.features.store_files import open_at, read_number, write_number
from lrcn_seq.features.store_format import (
    RECORD,
    Entry,
    pack_metadata,
    pack_record,
    pack_records,
    unpack_metadata,
    unpack_records,
)
from lrcn_seq.files import (
    atomic_replacement,
    check_file,
    open_file,
    read_file,
    remove_leftovers,
)
from lrcn_seq.locks import lock_file, open_lock
from lrcn_seq.terminal import print_note


class FeatureStore:
    """A store of features (T, R, D) by key.

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
        self._damaged = 0
        """Number of damaged records in the index."""
        self._map: np.ndarray | None = None
        with _data_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            remove_leftovers(self.folder)
            self.refresh()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        return _digest(key) in self._entries

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Return the keys without stored features, each once, in order."""
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
        """Return, for each key, its first row in `rows` and its number of rows, both (P,) int64.

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
        """Add features of new keys; keys that any process has already added are skipped.

        Args:
            keys: the keys of the features.
            features: the features (T, R, D) of each key.

        Raises:
            DataError: the disk is full or not writable, or the features do not fit this store.
        """
        converted = [self._converted(rows) for rows in features]
        with _data_errors(self.folder), self._locked() as lock:
            self.refresh()
            self._check_shape(converted)
            if self._damaged:
                self._replace_index(self._entries, lock)
            new = {
                _digest(key): rows
                for key, rows in zip(keys, converted, strict=True)
                if key not in self
            }
            if new:
                self._write(new, lock)
            self.refresh()

    def verify(self) -> int:
        """Verify the checksums of all rows, and remove the keys of damaged rows.

        Returns:
            The number of keys whose features were damaged.
        """
        with _data_errors(self.folder), self._locked() as lock:
            self.refresh()
            intact = {key: entry for key, entry in self._entries.items() if self._is_intact(entry)}
            damaged = len(self) - len(intact)
            if damaged or self._damaged:
                self._replace_index(intact, lock)
        return damaged

    def refresh(self) -> None:
        """Read the records added by other processes.

        Raises:
            DataError: a file of the store is damaged.
        """
        with _data_errors(self.folder):
            state = self._index.stat() if self._index.exists() else None
            if state is not None and (state.st_ino, state.st_size) != self._index_read:
                self._refresh_entries(state)
            # The metadata is written before the index: if an index was read, metadata exists.
            if self.shape is None and (self._entries or self._metadata_file.exists()):
                self.shape = self._read_metadata()
                self._check_rows()
            if self._entries:
                self._check_size()

    def _refresh_entries(self, state: os.stat_result) -> None:
        """Read the new records of the index, or all records if the index was replaced."""
        inode, size = self._index_read
        start = size if state.st_ino == inode and state.st_size > size else 0
        if not start:
            self._entries, self._damaged = {}, 0
        damaged = self._damaged
        self._index_read = (state.st_ino, start + self._read_index(start))
        if self._damaged > damaged:
            print_note(
                f"{self._index}: number of damaged records: {self._damaged:,}. Their features are "
                "extracted again when they are needed."
            )

    def _read_metadata(self) -> tuple[int, int]:
        """Return the shape (R, D) in `store.json`; raise DataError if the file is damaged."""
        exists = self._metadata_file.exists()
        content = read_file(self._metadata_file) if exists else b""
        shape = unpack_metadata(content, self.signature, self.dtype.name)
        if shape is None:
            received = "other content" if exists else "no file"
            raise self._damage_error(self._metadata_file, "the metadata of this store", received)
        return shape

    def _check_rows(self) -> None:
        """Raise DataError if the stored rows do not have the shape in `store.json`.

        Up to three entries are checked. One whose rows match their checksum is enough, since
        `verify` finds damaged entries.
        """
        self._check_size()
        entries = list(self._entries.values())
        sample = {*entries[:1], *entries[len(entries) // 2 :][:1], *entries[-1:]}
        if sample and not any(map(self._is_intact, sample)):
            expected = f"rows of the shape in {self._metadata_file.name}"
            raise self._damage_error(self._data, expected, "other rows")

    def _check_size(self) -> None:
        """Raise DataError if rows are missing from the data file."""
        size = 0
        if self._data.exists():
            check_file(self._data)
            size = self._data.stat().st_size
        if self._end() * self._row_size() > size:
            expected = f"{self._end():,} rows of {self._row_size():,} bytes"
            raise self._damage_error(self._data, expected, "a shorter file")

    def _damage_error(self, path: Path, expected: str, received: str) -> DataError:
        return DataError(
            f"{path}: expected {expected}. Received: {received}; delete {self.folder} and extract "
            "again."
        )

    def _is_intact(self, entry: Entry) -> bool:
        """Return whether the rows of an entry match their checksum."""
        rows = self.rows()[entry.start : entry.start + entry.rows]
        return zlib.crc32(rows.tobytes()) == entry.checksum

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
        """Return the number of the first row after all rows that have a record."""
        return max((entry.start + entry.rows for entry in self._entries.values()), default=0)

    def _row_size(self) -> int:
        """Return the size of a row in bytes."""
        return 0 if self.shape is None else self.dtype.itemsize * self.shape[0] * self.shape[1]

    def _read_index(self, start: int) -> int:
        """Read the records of the index from byte `start` on, and count damaged records.

        Returns:
            The number of bytes read, without an incomplete record at the end.
        """
        with open_file(self._index) as file:
            file.seek(start)
            content = file.read()
        for found in unpack_records(content):
            if found is None:
                self._damaged += 1
            else:
                self._entries[found[0]] = found[1]
        return len(content) - len(content) % RECORD.itemsize

    def _replace_index(self, entries: Mapping[bytes, Entry], lock: BinaryIO) -> None:
        """Replace the index file; the caller holds the lock."""
        # Otherwise, the next append could truncate rows whose records are removed here.
        write_number(lock, None)
        with atomic_replacement(self._index) as draft:
            draft.write_bytes(pack_records(entries))
        self.refresh()

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
                "numbers beyond the range of float16; use float32"
                if np.isfinite(features).all()
                else "infinite numbers or NaN from the encoder"
            )
            raise DataError(f"expected finite features. Received: {cause}.")
        return converted

    def _check_shape(self, features: Sequence[np.ndarray]) -> None:
        """Raise DataError unless all features have one shape; set the shape of an empty store."""
        shapes = {rows.shape[1:] for rows in features} | ({self.shape} if self.shape else set())
        if len(shapes) > 1:
            raise DataError(
                f"{self.folder}: expected features of one shape (R, D). Received: {sorted(shapes)}."
            )
        if self.shape is None and shapes:
            ((regions, size),) = shapes
            self.shape = regions, size
            with atomic_replacement(self._metadata_file) as draft:
                draft.write_bytes(pack_metadata(self.signature, self.dtype.name, self.shape))

    def _write(self, new: dict[bytes, np.ndarray], lock: BinaryIO) -> None:
        """Append rows and then their records; the caller holds the lock.

        Rows are written after all rows that ever had a record, and records after the last complete
        record. Until the records are written, the lock file contains the earlier size of the data.
        """
        written = self._committed_size(lock)
        end, records = -(-written // self._row_size()), []
        write_number(lock, written)
        with open_at(self._data, end * self._row_size()) as data:
            for key, rows in new.items():
                data.write(rows.data)
                records.append(pack_record(key, Entry(end, len(rows), zlib.crc32(rows.data))))
                end += len(rows)
        with open_at(self._index, self._index_read[1]) as index:
            index.write(b"".join(records))
        write_number(lock, None)

    def _committed_size(self, lock: BinaryIO) -> int:
        """Return the size of the data in bytes, without rows that a killed process left."""
        written = self._data.stat().st_size if self._data.exists() else 0
        before = read_number(lock)
        if before is None or before < self._end() * self._row_size():
            return written
        return min(before, written)

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        """Hold the lock of the store, and yield the open lock file."""
        with open_lock(self.folder / "lock") as lock:
            lock_file(lock, wait=True)
            yield lock


def _digest(key: str) -> bytes:
    return blake2b(key.encode("utf-8", "surrogateescape"), digest_size=16).digest()


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
