"""Still images, decoded to upright RGB and resized for an encoder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from PIL import Image, ImageFile, Jpeg2KImagePlugin

from lrcn_seq.data.media.base import PIXELS_LIMIT, Media, NumberedFrame, name_of
from lrcn_seq.data.media.content_index import ContentIndex, hash_pixels
from lrcn_seq.data.media.image_errors import image_errors
from lrcn_seq.data.media.image_file import (
    SUPPORTED_FORMATS,
    check_png,
    icon_size,
    jpeg2000_reductions,
    no_pillow_limit,
    without_png_metadata,
)
from lrcn_seq.data.media.jpeg_damage import jpeg_damage
from lrcn_seq.data.media.png_transparency import correct_transparent_color
from lrcn_seq.data.media.rgb import to_rgb
from lrcn_seq.errors import MediaError
from lrcn_seq.files import open_file
from lrcn_seq.records import Preprocessing

FILTERS = {
    name: Image.Resampling[name.upper()] for name in ("nearest", "bilinear", "bicubic", "lanczos")
}

ORIENTATION = 0x0112
"""The EXIF tag of the orientation."""
TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The transposition that turns an image of each EXIF orientation upright."""

# Decoding a JPEG at a fraction of its size is 2–6 times faster. Compared with a full decode,
# photographs decoded at three or more times the target size have a PSNR of at least 50 dB; at twice
# the size, some have 38 dB.
REDUCTION = 3
LARGE = 1 << 24
"""Number of pixels from which an image other than a JPEG is reduced before it is resized."""


class StillImage(Media):
    """An image file, a PIL image or an array; an animation yields its first frame.

    Args:
        source: a path, a PIL image, or an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of uint8;
            grayscale arrays may also be uint16.
        pixels_limit: an image with more pixels is refused before it is decoded. This limit
            replaces that of Pillow.
        checked: whether the file was checked for damage before. If so, only `times` searches a JPEG
            file for damage, which takes about as long as decoding it.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | Image.Image | np.ndarray,
        *,
        pixels_limit: int = PIXELS_LIMIT,
        checked: bool = False,
    ):
        self.name, self.pixels_limit, self.checked = name_of(source), pixels_limit, checked
        self._given = source if isinstance(source, (Image.Image, np.ndarray)) else None
        self._path = None if isinstance(source, (Image.Image, np.ndarray)) else Path(source)
        self.times_key = None if self._path is None else "image2"

    def content_hash(self, index: ContentIndex) -> str:
        """Return the hash of the file, or of the RGB pixels of an image in memory."""
        if self._path is None:
            return hash_pixels(np.asarray(self.decode()))
        with image_errors(self.name, self._path):
            is_folder = self._path.is_dir()
        if is_folder:
            raise MediaError(self.name, "expected an image. Received: a folder.")
        return index.hash_file(self._path)

    def times(self) -> np.ndarray:
        """Decode the image at its smallest size, search it for damage, and return [0.0]."""
        with image_errors(self.name, self._path):
            self._decode((1, 1), search=True)
        return np.zeros(1)

    def existing_frames(
        self, numbers: AbstractSet[int] | None, preprocessing: Preprocessing | None
    ) -> Iterator[NumberedFrame]:
        """Yield the image as frame 0."""
        if numbers is None or 0 in numbers:
            with image_errors(self.name, self._path):
                size = preprocessing and (preprocessing.height, preprocessing.width)
                frame = fit(self._decode(size, search=not self.checked), preprocessing)
            yield 0, frame

    def decode(self, size: tuple[int, int] | None = None) -> Image.Image:
        """Return the image as upright RGB, with transparent parts on white.

        Args:
            size: the (height, width) to which the image will be resized; a large image may then be
                returned at a fraction of its size. None returns it at full size.

        Raises:
            MediaError: the image cannot be read.
        """
        with image_errors(self.name, self._path):
            return self._decode(size, search=not self.checked)

    def _decode(self, size: tuple[int, int] | None, *, search: bool) -> Image.Image:
        try:
            return self._read(size, search)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            with no_pillow_limit():
                return self._read(size, search)

    def _read(self, size: tuple[int, int] | None, search: bool) -> Image.Image:
        if self._path is None:
            given = self._given
            image = given if isinstance(given, Image.Image) else _from_array(given)
            return self._finished(image, size)
        with open_file(self._path) as file:
            try:
                return self._read_file(file, size, search)
            except (OSError, SyntaxError, ValueError):
                if not (essential := without_png_metadata(file)):
                    raise
                return self._read_file(essential, size, search)

    def _read_file(self, file: BinaryIO, size: tuple[int, int] | None, search: bool) -> Image.Image:
        if stated := icon_size(file):
            self._check_size(stated)
        with Image.open(file, formats=SUPPORTED_FORMATS) as image:
            self._check_size(image.size)
            if image.format == "PNG":
                check_png(file)
                correct_transparent_color(image, file)
            if size is not None:
                _draft(image, size, file)
            result = self._finished(image, size)
            if search and image.format in ("JPEG", "MPO"):
                self._check_jpeg(file)
            return result

    def _finished(self, image: Image.Image, size: tuple[int, int] | None) -> Image.Image:
        """Return an opened image as upright RGB."""
        self._check_size(image.size)
        # Load first: reading EXIF may load it too, and a broken PNG raises only at the first load.
        image.load()
        transposition = _transposition(image)
        rgb = to_rgb(image, factor=_reduction(image.size, size))
        return rgb if transposition is None else rgb.transpose(transposition)

    def _check_size(self, size: tuple[int, int]) -> None:
        width, height = size
        if width * height > self.pixels_limit:
            raise MediaError(
                self.name,
                f"expected at most {self.pixels_limit:,} pixels. Received: {width} × {height}; "
                "make the image smaller or raise the limit.",
            )
        if width * height == 0:
            raise MediaError(
                self.name, f"expected an image. Received: {width} × {height} pixels, which is none."
            )

    def _check_jpeg(self, file: BinaryIO) -> None:
        file.seek(0)
        if damage := jpeg_damage(file.read()):
            raise MediaError(
                self.name,
                f"expected an intact JPEG image. Received: a damaged one ({damage}), which shows "
                "noise; replace the file.",
            )


def fit(image: Image.Image, preprocessing: Preprocessing | None) -> np.ndarray:
    """Return an RGB image as (H, W, 3) uint8, resized if a preprocessing is given."""
    if preprocessing is None:
        return np.asarray(image)
    height, width = preprocessing.height, preprocessing.width
    resampling = FILTERS[preprocessing.interpolation]
    if preprocessing.resize == "pad":
        return np.asarray(_padded(image, (width, height), resampling))
    box = _central_box(image.size, width / height) if preprocessing.resize == "crop" else None
    return np.asarray(image.resize((width, height), resampling, box=box, reducing_gap=3.0))


def _from_array(pixels: np.ndarray | None) -> Image.Image:
    pixels = np.asarray(pixels)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    gray, colored = pixels.ndim == 2, pixels.ndim == 3 and pixels.shape[2] in (3, 4)
    if (
        pixels.size == 0
        or not (gray or colored)
        or pixels.dtype not in (np.uint8, np.uint16)
        or (colored and pixels.dtype != np.uint8)
    ):
        raise MediaError(
            "the given array",
            "expected pixels (H, W, 3) uint8. "
            f"Received: shape={pixels.shape}, dtype={pixels.dtype}.",
        )
    return Image.fromarray(pixels)


def _transposition(image: Image.Image) -> Image.Transpose | None:
    """Return the transposition that turns a loaded image upright, or None."""
    try:
        return TRANSPOSITIONS.get(image.getexif().get(ORIENTATION, 1))
    except Exception:  # A damaged EXIF block does not make the pixels unreadable.
        return None


def _draft(image: ImageFile.ImageFile, size: tuple[int, int], file: BinaryIO) -> None:
    """Make the decoder return a large image at a fraction of its size, if it can."""
    if image.format == "JPEG2000":
        image_file = cast(Jpeg2KImagePlugin.Jpeg2KImageFile, image)
        power = _reduction(image.size, size).bit_length() - 1
        image_file.reduce = min(power, jpeg2000_reductions(file))
    else:
        image.draft(None, (REDUCTION * max(size),) * 2)


def _reduction(size: tuple[int, int], wanted: tuple[int, int] | None) -> int:
    """Return the factor by which an image of (width, height) pixels is reduced before resizing."""
    if wanted is None or size[0] * size[1] < LARGE:
        return 1
    return max(min(size) // (REDUCTION * max(wanted)), 1)


def _central_box(size: tuple[int, int], aspect: float) -> tuple[float, float, float, float]:
    """Return the largest centered box (left, top, right, bottom) with an aspect ratio."""
    width, height = min(size[0], size[1] * aspect), min(size[1], size[0] / aspect)
    left, top = (size[0] - width) / 2, (size[1] - height) / 2
    return left, top, left + width, top + height


def _padded(image: Image.Image, size: tuple[int, int], resampling: Image.Resampling) -> Image.Image:
    """Resize an image to fit a (width, height) canvas, and fill the rest with black."""
    scale = min(size[0] / image.width, size[1] / image.height)
    inner = image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))),
        resampling,
        reducing_gap=3.0,
    )
    canvas = Image.new("RGB", size)
    canvas.paste(inner, ((size[0] - inner.width) // 2, (size[1] - inner.height) // 2))
    return canvas
