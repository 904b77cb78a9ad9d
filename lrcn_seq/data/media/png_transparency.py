"""Transparent colors of PNG images whose sample depth is not 8 bits.

A PNG image without an alpha channel can name one color as transparent, in the depth of its samples
(chunk tRNS of the PNG specification). Pillow scales the samples to 8 bits, but not that color.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile

GRAY_SCALES = {"L;2": 85, "L;4": 17}
"""The factor by which Pillow scales gray samples of 2 and 4 bits."""


def correct_transparent_color(image: ImageFile.ImageFile, file: BinaryIO) -> None:
    """Correct the transparent color of a PNG image whose samples do not have 8 bits.

    Args:
        image: the image, as opened from the file. An image of 16 bits per channel is decoded, and
            gets an alpha channel.
        file: the file.
    """
    color, depth = image.info.get("transparency"), image.tile[0].args if image.tile else None
    if isinstance(color, int) and depth in GRAY_SCALES:
        image.info["transparency"] = color * GRAY_SCALES[depth]
    if isinstance(color, tuple) and depth == "RGB;16B":
        image.load()
        _add_alpha(image, color, file)


def _add_alpha(image: ImageFile.ImageFile, color: tuple[int, int, int], file: BinaryIO) -> None:
    """Make all pixels of one 16-bit color transparent; Pillow decodes 8 of 16 bits at a time."""
    with Image.open(file, formats=["PNG"]) as low:
        low.tile = [low.tile[0]._replace(args="RGB;16L")]
        opaque = np.zeros((image.height, image.width), bool)
        for channel, value in enumerate(color):
            opaque |= np.asarray(image.getchannel(channel)) != value >> 8
            opaque |= np.asarray(low.getchannel(channel)) != value & 255
    del image.info["transparency"]
    image.putalpha(Image.fromarray(opaque))
