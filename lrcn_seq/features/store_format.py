"""The format of `store.json` and of the records in the index of a feature store."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

FORMAT = 1
RECORD = np.dtype(
    [("key", "V16"), ("start", "<u8"), ("count", "<u4"), ("rows", "<u4"), ("record", "<u4")]
)
"""A record of the index: digest of the key, first row, number of rows, checksum of the rows,
checksum of the record."""
CHECKED = RECORD.itemsize - 4
"""Number of bytes of a record to which the checksum of the record applies."""
LARGEST_SIZE = 1 << 32
"""Largest valid number of regions, and of features per region."""


class Entry(NamedTuple):
    """The rows of one key: number of the first row, number of rows, and checksum."""

    start: int
    rows: int
    checksum: int


def pack_record(key: bytes, entry: Entry) -> bytes:
    """Return the index record of a key."""
    record = np.array([(key, *entry, 0)], RECORD)
    record["record"] = zlib.crc32(record.tobytes()[:CHECKED])
    return record.tobytes()


def pack_records(entries: Mapping[bytes, Entry]) -> bytes:
    """Return the index records of all keys, joined in the order of the mapping."""
    return b"".join(pack_record(key, entry) for key, entry in entries.items())


def unpack_records(content: bytes) -> Iterator[tuple[bytes, Entry] | None]:
    """Yield the key and the entry of each complete record, or None for a damaged record."""
    for record in np.frombuffer(content, RECORD, len(content) // RECORD.itemsize):
        if zlib.crc32(record.tobytes()[:CHECKED]) == record["record"]:
            entry = Entry(int(record["start"]), int(record["count"]), int(record["rows"]))
            yield record["key"].tobytes(), entry
        else:
            yield None


def pack_metadata(signature: str, dtype: str, shape: tuple[int, int]) -> bytes:
    """Return the content of `store.json`."""
    regions, features = shape
    about = {"format": FORMAT, "signature": signature, "dtype": dtype}
    return json.dumps({**about, "regions": regions, "features": features}, indent=1).encode()


def unpack_metadata(content: bytes, signature: str, dtype: str) -> tuple[int, int] | None:
    """Return the shape (R, D) in `store.json`; None if the file is damaged or of another store."""
    try:
        about = json.loads(content)
        regions, features = about["regions"], about["features"]
        found = about["format"], about["signature"], about["dtype"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    sizes_are_valid = all(
        type(size) is int and 0 < size <= LARGEST_SIZE for size in (regions, features)
    )
    if found != (FORMAT, signature, dtype) or not sizes_are_valid:
        return None
    return regions, features
