"""The structure of a JPEG file (ITU T.81): its segments and the scans of its entropy-coded data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

SCAN, HUFFMAN_TABLES, RESTART_INTERVAL, END_OF_IMAGE = 0xDA, 0xC4, 0xDD, 0xD9
FRAMES = frozenset(range(0xC0, 0xD0)) - {HUFFMAN_TABLES, 0xC8, 0xCC}
"""Markers of frames, which state the size and the components of the image."""
HUFFMAN_FRAMES = (0xC0, 0xC1, 0xC2)
"""Markers of the frames whose Huffman-coded scans consist of blocks of 8 × 8 coefficients."""
COEFFICIENTS = 64
"""Number of coefficients of a block; the first one is its mean (DC), the others are AC."""
MARKER = re.compile(rb"\xff[^\0\xd0-\xd7\xff]")
"""Matches a marker that ends the data of a scan; restart markers do not end it."""
RESTART = re.compile(rb"\xff([\xd0-\xd7])")


class Segment(NamedTuple):
    """A marker and its segment, content[start:end]."""

    marker: int
    start: int
    end: int


class Scan(NamedTuple):
    """The data of a scan, content[start:end].

    Attributes:
        start: index of the first byte of the data.
        end: index of the byte after the data.
        components: IDs of the color components.
        band: first and last coefficient.
        bit: the lowest bit of the coefficients that the scan contains.
        zeros_are_flat: whether a run of zeros is valid data of a flat area, because the Huffman
            codes of zeros add no AC coefficients.
        tail_is_visible: whether a change of the last codes changes pixels. It may not in a scan
            that contains a single bit of the coefficients, or only DC coefficients.
        restarts: number of restart markers that the data should contain.
    """

    start: int
    end: int
    components: tuple[int, ...]
    band: tuple[int, int]
    bit: int
    zeros_are_flat: bool
    tail_is_visible: bool
    restarts: int


def jpeg_segments(content: bytes) -> Iterator[Segment]:
    """Yield the segments of a JPEG file up to its end marker or the first malformed segment."""
    start = 2
    while start + 4 <= len(content) and content[start] == 0xFF:
        marker = content[start + 1]
        if marker == 0xFF:  # a fill byte
            start += 1
            continue
        if marker == END_OF_IMAGE:
            return
        end = start + 2 + int.from_bytes(content[start + 2 : start + 4])
        yield Segment(marker, start, end)
        start = _data_end(content, end) if marker == SCAN else end


def jpeg_scans(content: bytes) -> list[Scan]:
    """Return the scans of a JPEG image with Huffman codes; empty for other files."""
    try:
        return _scans(content)
    except (IndexError, KeyError, ValueError, ZeroDivisionError):  # a damaged header
        return []


def is_complete(scans: list[Scan]) -> bool:
    """Return whether scans contain all bits of all coefficients of their components."""
    missing: dict[int, list[int]] = {}
    for scan in scans:
        for component in scan.components:
            bits = missing.setdefault(component, [1] * COEFFICIENTS)
            for coefficient in range(scan.band[0], min(scan.band[1] + 1, COEFFICIENTS)):
                bits[coefficient] = scan.bit
    return not any(any(bits) for bits in missing.values())


def has_all_restarts(content: bytes, scan: Scan) -> bool:
    """Return whether a scan contains all restart markers, numbered cyclically from 0 to 7."""
    numbers = [match[1][0] - 0xD0 for match in RESTART.finditer(content, scan.start, scan.end)]
    return numbers == [number % 8 for number in range(scan.restarts)]


def _scans(content: bytes) -> list[Scan]:
    frame, interval, scans = b"", 0, []
    symbols: dict[int, int] = {}
    for marker, start, end in jpeg_segments(content):
        data = content[start + 4 : end]
        if marker in HUFFMAN_FRAMES:
            frame = data
        elif marker in FRAMES:
            return []
        elif marker == HUFFMAN_TABLES:
            symbols |= _first_symbols(data)
        elif marker == RESTART_INTERVAL:
            interval = int.from_bytes(data[:2])
        elif marker == SCAN and frame and data:
            place = (end, _data_end(content, end))
            scans.append(_scan(data, place, frame, symbols, interval))
    return scans


def _data_end(content: bytes, start: int) -> int:
    """Return where the data of a scan ends."""
    match = MARKER.search(content, start)
    return match.start() if match else len(content)


def _first_symbols(data: bytes) -> dict[int, int]:
    """Return the first symbol of each Huffman table of a segment, by the ID of the table.

    The codes of a table ascend, so the code of the first symbol consists of zeros.
    """
    symbols = {}
    while len(data) > 17:
        symbols[data[0]] = data[17]
        data = data[17 + sum(data[1:17]) :]
    return symbols


def _scan(
    header: bytes, data: tuple[int, int], frame: bytes, symbols: dict[int, int], interval: int
) -> Scan:
    """Return a scan from its header, the start and end of its data, and earlier segments."""
    count = header[0]
    components = tuple(header[1 : 1 + 2 * count : 2])
    tables = header[2 : 2 + 2 * count : 2]
    first, last, bits = header[1 + 2 * count : 4 + 2 * count]
    ids = {0x10 | table & 15 for table in tables} if last else set()
    units = _units(frame, components)
    return Scan(
        *data,
        components,
        (first, last),
        bits & 15,
        all(symbols.get(table, 0) & 15 == 0 for table in ids),
        last > 0 and bits < 16,
        -(-units // interval) - 1 if interval else 0,
    )


def _units(frame: bytes, components: tuple[int, ...]) -> int:
    """Return the number of units (MCU) of a scan, between which restart markers are placed."""
    height, width = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    sampling = {frame[6 + 3 * n]: divmod(frame[7 + 3 * n], 16) for n in range(frame[5])}
    widest = max(across for across, _ in sampling.values())
    highest = max(down for _, down in sampling.values())
    # A unit is a block of the only component, or an area with a block of each component.
    across, down = sampling[components[0]] if len(components) == 1 else (1, 1)
    columns = -(-width * across // (8 * widest))
    return columns * -(-height * down // (8 * highest))
