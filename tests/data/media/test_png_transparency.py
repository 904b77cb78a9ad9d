"""Transparent colors of PNG images of every depth."""

import struct

import numpy as np
import pytest

from lrcn_seq.data.media.image import StillImage
from tests.raw_images import COLOR, GRAY, png


@pytest.fixture
def decoded(tmp_path):
    """Return a function that decodes the bytes of an image file to pixels (H, W, 3)."""

    def decode(content: bytes) -> np.ndarray:
        (tmp_path / "a.png").write_bytes(content)
        return np.asarray(StillImage(tmp_path / "a.png").decode())

    return decode


@pytest.mark.parametrize(
    ("depth", "row", "transparent", "expected"),
    [
        (1, b"\x40", 0, [255, 255]),
        (1, b"\x40", 1, [0, 255]),
        (2, b"\x60", 1, [255, 170]),
        (4, b"\x5a", 5, [255, 170]),
        (8, b"\x05\xaa", 5, [255, 170]),
        (16, b"\x12\x34\x12\x35", 0x1234, [255, 18]),
    ],
)
def test_a_transparent_gray_value_is_white(decoded, depth, row, transparent, expected):
    """Pixels with the transparent gray value of a PNG become white, at every bit depth."""
    chunks = [(b"tRNS", struct.pack(">H", transparent))]
    pixels = decoded(png((2, 1), depth, GRAY, [row], chunks))
    assert pixels[0, :, 0].tolist() == expected


@pytest.mark.parametrize(("depth", "format_"), [(8, "B"), (16, "H")])
def test_a_transparent_color_is_white(decoded, depth, format_):
    """Pixels with the transparent color of a PNG become white; colors one bit apart do not."""
    color, other = (0x12, 0x56, 0x9A), (0x12, 0x56, 0x9B)
    if depth == 16:
        color, other = (0x1234, 0x5678, 0x9ABC), (0x1234, 0x5678, 0x9ABD)
    row = struct.pack(f">6{format_}", *color, *other)
    chunks = [(b"tRNS", struct.pack(">3H", *color))]
    pixels = decoded(png((2, 1), depth, COLOR, [row], chunks))
    expected = [value >> (depth - 8) for value in other]
    assert pixels[0].tolist() == [[255, 255, 255], expected]
