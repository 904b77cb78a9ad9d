"""Image files of kinds that Pillow cannot write, which are written byte by byte."""

import struct
import zlib
from collections.abc import Sequence

import numpy as np

GRAY, COLOR, PALETTE = 0, 2, 3
"""Color types of PNG."""


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG file."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(
    size: tuple[int, int],
    depth: int,
    color: int,
    rows: Sequence[bytes],
    chunks: Sequence[tuple[bytes, bytes]] = (),
) -> bytes:
    """Return a PNG file.

    Args:
        size: (width, height).
        depth: bits per channel.
        color: the color type.
        rows: the samples of each row of pixels, packed as PNG requires.
        chunks: (name, data) of further chunks, which come before the pixels.
    """
    header = struct.pack(">IIBBBBB", *size, depth, color, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    body = [(b"IHDR", header), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in body)


def tiff(values: np.ndarray, *, white_is_zero: bool = False, bits: int | None = None) -> bytes:
    """Return an uncompressed gray TIFF file with the type and byte order of an array.

    Args:
        values: (height, width).
        white_is_zero: whether 0 is white.
        bits: number of lowest bits that are stored of each value; None for all bits.
    """
    order = ">" if values.dtype.byteorder == ">" else "<"
    height, width = values.shape
    data = values.tobytes() if bits is None else _packed(values, bits)
    formats = {"u": 1, "i": 2, "f": 3}
    tags = {
        256: width,
        257: height,
        258: values.dtype.itemsize * 8 if bits is None else bits,
        259: 1,
        262: 0 if white_is_zero else 1,
        273: 8,
        277: 1,
        278: height,
        279: len(data),
        339: formats[values.dtype.kind],
    }
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags.items())
    magic = b"MM\0*" if order == ">" else b"II*\0"
    head = magic + struct.pack(f"{order}I", 8 + len(data))
    return head + data + struct.pack(f"{order}H", len(tags)) + entries + bytes(4)


def _packed(values: np.ndarray, bits: int) -> bytes:
    """Return the lowest bits of each value as bytes; each row of values begins a new byte."""
    rows = [
        "".join(format(int(value), f"0{bits}b") for value in row).ljust(
            -(-len(row) * bits // 8) * 8, "0"
        )
        for row in values
    ]
    return b"".join(int(row, 2).to_bytes(len(row) // 8, "big") for row in rows)
