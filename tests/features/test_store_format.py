"""The format of the metadata and of the records of a feature store."""

import struct
import zlib

import pytest

from lrcn_seq.features.store_format import (
    RECORD,
    Entry,
    pack_metadata,
    pack_record,
    pack_records,
    unpack_metadata,
    unpack_records,
)

ENTRIES = {bytes(range(16)): Entry(7, 2, 99), b"\0" * 16: Entry(1 << 40, 1, 0)}


def test_a_record_has_a_key_a_place_and_two_checksums():
    """A record has a key, three little-endian numbers, and the checksum of the bytes before it."""
    ((key, entry), *_) = ENTRIES.items()
    content = key + struct.pack("<QII", 7, 2, 99)
    assert pack_record(key, entry) == content + struct.pack("<I", zlib.crc32(content))


def test_records_are_unpacked():
    """Unpacking keeps zero bytes at the end of a key, and ignores an incomplete record."""
    content = pack_records(ENTRIES)
    assert list(unpack_records(content)) == list(ENTRIES.items())
    assert list(unpack_records(content[:-1])) == list(ENTRIES.items())[:1]


@pytest.mark.parametrize("place", range(RECORD.itemsize))
def test_every_damaged_byte_is_found(place):
    """One changed bit makes a record unreadable, but the record after it is read."""
    content = bytearray(pack_records(ENTRIES))
    content[place] ^= 1
    assert list(unpack_records(bytes(content))) == [None, list(ENTRIES.items())[1]]


def test_metadata_are_unpacked():
    """Metadata are read only with the signature and dtype with which they were written."""
    content = pack_metadata("signature ü", "float16", (3, 5))
    assert unpack_metadata(content, "signature ü", "float16") == (3, 5)
    assert unpack_metadata(content, "signature", "float16") is None
    assert unpack_metadata(content, "signature ü", "float32") is None
