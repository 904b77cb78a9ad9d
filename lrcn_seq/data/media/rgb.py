"""Conversion of images of every mode to 8-bit RGB, as a viewer shows them.

Gray values of more than 8 bits are scaled linearly from black to white. Black and white are

* 0 and 2ᵇ − 1 for the b bits of an unsigned image of at most 16 bits, exchanged in a TIFF file
  whose photometric interpretation is WhiteIsZero;
* 0 and 2ᵇ − 1, or −2ᵇ⁻¹ and 2ᵇ⁻¹ − 1, for signed and 32-bit values, with the smallest b ≥ 8 such
  that the range contains all values: these formats have no white point of their own.

Transparent parts are composed on white.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

BAND_PIXELS = 1 << 22
"""Largest number of pixels that are converted at once."""

BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339
"""TIFF tags."""
WHITE_IS_ZERO = 0
UNSIGNED, SIGNED = 1, 2
"""Values of the TIFF tag of the sample format."""


class GrayScale(NamedTuple):
    """The range of gray values.

    Attributes:
        dtype: the type of the values.
        black: the value of black.
        white: the value of white, below `black` in a negative.
        transparent: the value of transparent pixels; None for an opaque image.
    """

    dtype: str
    black: int
    white: int
    transparent: int | None = None


def to_rgb(image: Image.Image, *, factor: int = 1) -> Image.Image:
    """Return an image as RGB, with transparent parts on white, reduced by an integer factor.

    A large image is converted in horizontal bands: besides the image itself, only the result and
    one band are in memory.

    Args:
        image: a loaded image of any mode.
        factor: the side of the square block whose mean is one pixel of the result.

    Raises:
        ValueError: the mode has no known conversion, for example floating-point pixels.
    """
    scale = _gray_scale(image)
    rows = max(BAND_PIXELS // image.width // factor, 1) * factor
    if rows >= image.height:
        return _band_to_rgb(image, scale, factor)
    result = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        result.paste(_band_to_rgb(band, scale, factor), (0, top // factor))
    return result


def to_rgba(image: Image.Image) -> Image.Image:
    """Return a loaded image of any mode as RGBA.

    Raises:
        ValueError: the mode has no known conversion.
    """
    return _to_rgba(image, _gray_scale(image))


def _to_rgba(image: Image.Image, scale: GrayScale | None) -> Image.Image:
    if scale is None:
        # Pillow can convert La (gray with premultiplied alpha) only to LA.
        return (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    colored = _scaled(image, scale).convert("RGBA")
    if scale.transparent is not None:
        values = np.asarray(image).view(scale.dtype)
        colored.putalpha(Image.fromarray(values != scale.transparent))
    return colored


def _band_to_rgb(image: Image.Image, scale: GrayScale | None, factor: int) -> Image.Image:
    is_transparent = scale.transparent is not None if scale else image.has_transparency_data
    if not is_transparent:
        gray = image if scale is None else _scaled(image, scale)
        return _reduced(gray if gray.mode == "RGB" else gray.convert("RGB"), factor)
    colored = _reduced(_to_rgba(image, scale), factor)
    return Image.alpha_composite(Image.new("RGBA", colored.size, "white"), colored).convert("RGB")


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    return image if factor == 1 else image.reduce(factor)


def _gray_scale(image: Image.Image) -> GrayScale | None:
    """Return the range of gray values if Pillow does not scale them to 8 bits; else None."""
    tags = getattr(image, "tag_v2", {})
    signed = tags.get(SAMPLE_FORMAT, (UNSIGNED,))[0] == SIGNED
    if image.mode == "F":
        raise ValueError(
            "expected 8 or 16 bits per channel. Received: floating-point pixels of unknown range; "
            "save the image with 8 bits."
        )
    if image.mode.startswith("I;16"):
        limit = 2 ** int(tags.get(BITS_PER_SAMPLE, (16,))[0]) - 1
        black, white = (limit, 0) if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO else (0, limit)
        return GrayScale("uint16", black, white, image.info.get("transparency"))
    if image.mode == "L" and signed:
        return _smallest_scale(image, "int8")
    if image.mode == "I" and image.format == "PPM":  # Pillow scales the largest value to 65535.
        return GrayScale("int32", 0, 65535)
    if image.mode == "I":
        unsigned = image.format == "TIFF" and not signed
        return _smallest_scale(image, "uint32" if unsigned else "int32")
    return None


def _smallest_scale(image: Image.Image, dtype: str) -> GrayScale:
    """Return the smallest range of at least 8 bits that contains all values of an image."""
    values = np.asarray(image).view(dtype)
    low, high = int(values.min()), int(values.max())
    if low < 0:
        half = 1 << max((-1 - low).bit_length(), high.bit_length(), 7)
        return GrayScale(dtype, -half, half - 1)
    return GrayScale(dtype, 0, (1 << max(high.bit_length(), 8)) - 1)


def _scaled(image: Image.Image, scale: GrayScale) -> Image.Image:
    """Return gray values scaled to 8 bits; Pillow's own conversion clips them at 255."""
    values = np.asarray(image).view(scale.dtype)
    if scale.dtype == "uint16":  # A lookup table is faster.
        return Image.fromarray(_eight_bits(np.arange(1 << 16), scale)[values])
    return Image.fromarray(_eight_bits(values, scale))


def _eight_bits(values: np.ndarray, scale: GrayScale) -> np.ndarray:
    gray = (values.astype(np.float64) - scale.black) * (255 / (scale.white - scale.black))
    return np.rint(gray.clip(0, 255)).astype(np.uint8)
