"""Truncation of video files: the size that a header states, and files that end too early."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable, Iterator, Set
from enum import Enum
from typing import BinaryIO, NamedTuple

HEADER_BYTES = 2**16
"""Number of bytes in which a file states its size."""
SLACK = 64
"""Number of bytes by which a stated size may be too large: some encoders count a header twice."""
TAIL_BYTES = 2**18
"""Number of bytes read from the end of an MPEG program stream; more than a pack has."""

SEGMENT = b"\x18\x53\x80\x67"
"""The ID of the element of a Matroska file that holds everything but the header."""
FILE_SIZE = b"\x00\x08filesize\x00"
"""The key of the file size in the metadata of an FLV file, and the type of a number."""
FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
"""The ID of the object of an ASF file that states its size."""
PACK = b"\x00\x00\x01\xba"
"""The start code of a pack of an MPEG program stream; a pack has no length field."""


PAGE_HEADER = 27
"""Number of bytes of the header of an Ogg page without its table of lengths."""


class Ending(Enum):
    """How a file ends: with an end marker, without one, or inside an incomplete element."""

    WHOLE = "whole"
    UNMARKED = "unmarked"
    CUT = "cut"


def truncated_share(file: BinaryIO, formats: Set[str]) -> float:
    """Return the share of a file that was cut off, according to the size in its header.

    Args:
        file: the file.
        formats: the FFmpeg names of its format.
    """
    file.seek(0)
    start = file.read(HEADER_BYTES)
    stated = max((read(start) for name, read in _SIZES.items() if name in formats), default=0)
    missing = stated - file.seek(0, os.SEEK_END)
    return missing / stated if missing > SLACK else 0.0


def file_ending(file: BinaryIO, formats: Set[str]) -> Ending:
    """Return how a file of a format without a stated size ends.

    Such formats are GIF, Ogg, MPEG program streams and fragmented MP4. Files of all other formats
    count as whole.

    Args:
        file: the file.
        formats: the FFmpeg names of its format.
    """
    for name, ending in _ENDINGS.items():
        if name in formats:
            return ending(file, file.seek(0, os.SEEK_END))
    return Ending.WHOLE


def is_cut_riff(file: BinaryIO) -> bool:
    """Return whether a RIFF file, such as AVI, ends in the middle of a RIFF chunk."""
    place, size = 0, file.seek(0, os.SEEK_END)
    while place + 8 <= size:
        file.seek(place)
        kind, length = struct.unpack("<4sI", file.read(8))
        if kind != b"RIFF":
            return False
        place += 8 + length
    return place > size + SLACK


def ogg_packets(file: BinaryIO, number: int) -> int:
    """Return the number of packets of a stream in the pages of an Ogg file, including headers.

    Args:
        file: the file.
        number: the number of the stream, in the order of the first pages.
    """
    serials: list[int] = []
    packets = 0
    for page in _ogg_pages(file):
        serials += [page.serial] if page.flags & 2 else []
        if serials[number : number + 1] == [page.serial]:
            # Packets of a multiple of 255 bytes are missed; empty packets repeat a frame.
            packets += sum(0 < length < 255 for length in page.lengths)
    return packets


def _matroska_size(start: bytes) -> int:
    """Return the size that a Matroska file states in its first bytes, or 0 if it states none."""
    place = start.find(SEGMENT) + len(SEGMENT)
    length = 9 - start[place].bit_length() if len(SEGMENT) <= place < len(start) else 9
    if length > 8 or place + length > len(start):
        return 0
    unknown = (1 << 7 * length) - 1
    size = int.from_bytes(start[place : place + length], "big") & unknown
    return 0 if size in (0, unknown) else place + length + size


def _flv_size(start: bytes) -> float:
    """Return the size that an FLV file states in its first bytes, or 0 if it states none."""
    _, key, value = start.partition(FILE_SIZE)
    size = struct.unpack(">d", value[:8])[0] if key and len(value) >= 8 else 0.0
    return size if 0 < size < math.inf else 0.0


def _asf_size(start: bytes) -> int:
    """Return the size that an ASF file states in its first bytes, or 0 if it is a broadcast."""
    _, _, properties = start.partition(FILE_PROPERTIES)
    if len(properties) < 76:
        return 0
    size, flags = struct.unpack("<24xQ40xI", properties[:76])
    return 0 if flags & 1 else size


def _swf_size(start: bytes) -> int:
    """Return the size that an uncompressed SWF file states in its first bytes, or 0."""
    return int.from_bytes(start[4:8], "little") if start.startswith(b"FWS") else 0


def _real_size(start: bytes) -> int:
    """Return the offset at which the data of a RealMedia file ends, or 0 if it is not stated."""
    place = start.find(b"PROP")
    if place < 0 or place + 46 > len(start):
        return 0
    data = int.from_bytes(start[place + 42 : place + 46], "big")
    size = int.from_bytes(start[data + 4 : data + 8], "big")
    return data + size if start[data : data + 4] == b"DATA" and size else 0


_SIZES: dict[str, Callable[[bytes], float]] = {
    "matroska": _matroska_size,
    "flv": _flv_size,
    "asf": _asf_size,
    "swf": _swf_size,
    "rm": _real_size,
}


def _mp4_ending(file: BinaryIO, size: int) -> Ending:
    """Return how a fragmented MP4 file ends; others count as whole, as their index is checked."""
    place, kind, is_fragmented = 0, b"", False
    while place + 8 <= size:
        file.seek(place)
        head = file.read(16)
        kind, length = head[4:8], int.from_bytes(head[:4], "big")
        length = int.from_bytes(head[8:], "big") if length == 1 else length
        if length < 8:  # 0 stands for the rest of the file.
            return Ending.WHOLE
        is_fragmented |= kind == b"moof"
        place += length
    is_cut = place > size and is_fragmented and kind in (b"moof", b"mdat")
    return Ending.CUT if is_cut else Ending.WHOLE


def _gif_ending(file: BinaryIO, size: int) -> Ending:
    """Return how a GIF file ends, judged by the chain of its blocks."""
    file.seek(0)
    content = file.read()
    place = 13 + _color_table(content, 10)
    while place < size:
        block = content[place]
        if block == 0x21:  # An extension has a label and sub-blocks.
            place = _sub_blocks_end(content, place + 2)
        elif block == 0x2C:  # An image has a descriptor, colors, a code size and sub-blocks.
            place = _sub_blocks_end(content, place + 11 + _color_table(content, place + 9))
        elif block == 0x3B or not content[place:].strip(b"\0"):  # The trailer, or padding.
            return Ending.WHOLE
        else:
            return Ending.CUT
    return Ending.CUT if place > size else Ending.UNMARKED


def _color_table(content: bytes, flags: int) -> int:
    """Return the size of a color table of a GIF file, whose flags are at a given place."""
    value = content[flags] if flags < len(content) else 0
    return 3 << (value & 7) + 1 if value & 0x80 else 0


def _sub_blocks_end(content: bytes, place: int) -> int:
    """Return the place after the empty sub-block that ends a chain of sub-blocks."""
    while place < len(content) and content[place]:
        place += 1 + content[place]
    return place + 1


class _OggPage(NamedTuple):
    flags: int
    serial: int
    lengths: bytes
    end: int


def _ogg_pages(file: BinaryIO) -> Iterator[_OggPage]:
    """Yield the pages of an Ogg file up to damage or the end; the last page may be incomplete."""
    place = file.seek(0)
    while len(head := file.read(PAGE_HEADER)) == PAGE_HEADER and head.startswith(b"OggS"):
        lengths = file.read(head[26])
        place += PAGE_HEADER + head[26] + sum(lengths)
        yield _OggPage(head[5], int.from_bytes(head[14:18], "little"), lengths, place)
        file.seek(place)


def _ogg_ending(file: BinaryIO, size: int) -> Ending:
    """Return how an Ogg file ends, judged by its pages and the flags of the last one."""
    place = flags = 0
    for page in _ogg_pages(file):
        place, flags = page.end, page.flags
    file.seek(place)
    if place > size or b"OggS" in file.read():
        return Ending.CUT
    return Ending.WHOLE if flags & 4 else Ending.UNMARKED


def _mpeg_ending(file: BinaryIO, size: int) -> Ending:
    """Return how an MPEG program stream ends, judged by its last pack; it needs no end code."""
    tail = _tail(file, size)
    place = tail.rfind(PACK)
    if place < 0:
        return Ending.WHOLE
    place += _pack_length(tail[place : place + 14])
    while tail[place : place + 3] == b"\0\0\1" and tail[place + 3 : place + 4] != b"\xb9":
        place += 6 + int.from_bytes(tail[place + 4 : place + 6], "big")
    return Ending.CUT if place > len(tail) else Ending.WHOLE


def _pack_length(pack: bytes) -> int:
    """Return the length of a pack header of MPEG-1, or of MPEG-2 with its stuffing."""
    if len(pack) < 14 or pack[4] >> 6 != 1:
        return 12
    return 14 + (pack[13] & 7)


def _tail(file: BinaryIO, size: int) -> bytes:
    file.seek(max(size - TAIL_BYTES, 0))
    return file.read()


_ENDINGS: dict[str, Callable[[BinaryIO, int], Ending]] = {
    "mov": _mp4_ending,
    "gif": _gif_ending,
    "ogg": _ogg_ending,
    "mpeg": _mpeg_ending,
}
