"""Still images, decoded to upright RGB and resized for an encoder."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from lrcn_seq.data.media.base import PIXELS_LIMIT, Media, NumberedFrame, name_of
from lrcn_seq.data.media.content_index import ContentIndex, hash_pixels
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
)
"""Suffixes of files that are images even where clips are expected."""

# EPS and WMF would start other programs, and a format without a magic number would accept any file.
FORMATS = (
    "JPEG",
    "PNG",
    "GIF",
    "BMP",
    "WEBP",
    "TIFF",
    "PPM",
    "MPO",
    "JPEG2000",
    "AVIF",
    "ICO",
    "QOI",
)
Image.init()
SUPPORTED_FORMATS = [name for name in FORMATS if name in Image.OPEN]
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

# Decoding a JPEG at a fraction of its size is 2–6 times faster. At three or more times the target
# size, photographs have a PSNR of at least 50 dB to a full decode; at twice the size, some have 38.
REDUCTION = 3

# The pixel limit of this module raises a clearer error first; a damaged EXIF block is harmless.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings(
    "ignore",
    message="(Corrupt EXIF|Truncated File Read|Metadata Warning)",
    category=UserWarning,
    module="PIL",
)


class StillImage(Media):
    """An image file, a PIL image or an array; of an animation, the first frame.

    Args:
        source: a path, a PIL image, or an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of uint8;
            grayscale arrays may also be uint16.
        pixels_limit: an image with more pixels is refused before it is decoded.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | Image.Image | np.ndarray,
        *,
        pixels_limit: int = PIXELS_LIMIT,
    ):
        self.name, self.pixels_limit = name_of(source), pixels_limit
        self._given = source if isinstance(source, (Image.Image, np.ndarray)) else None
        self._path = None if isinstance(source, (Image.Image, np.ndarray)) else Path(source)
        self.times_key = None if self._path is None else "image"

    def content_hash(self, index: ContentIndex) -> str:
        """Return the hash of the file, or of the pixels of an image in memory."""
        if self._path is None:
            return hash_pixels(np.asarray(self._given))
        if self._path.is_dir():
            raise MediaError(self.name, "expected an image. Received: a folder.")
        return index.hash_file(self._path)

    def times(self) -> np.ndarray:
        """Return [0.0], after decoding the image at its smallest size."""
        self.decode((1, 1))
        return np.zeros(1)

    def existing_frames(
        self, numbers: AbstractSet[int] | None, preprocessing: Preprocessing | None
    ) -> Iterator[NumberedFrame]:
        """Yield the image as frame 0."""
        if numbers is None or 0 in numbers:
            size = preprocessing and (preprocessing.height, preprocessing.width)
            yield 0, fit(self.decode(size), preprocessing)

    def decode(self, size: tuple[int, int] | None = None) -> Image.Image:
        """Return the image as upright RGB, with transparent parts on white.

        Args:
            size: the (height, width) to which the image will be resized; a large JPEG is then
                decoded at a fraction of its size. None decodes it at full size.

        Raises:
            MediaError: the image cannot be read.
        """
        with _media_errors(self.name, self._path):
            if self._path is None:
                given = self._given
                image = given if isinstance(given, Image.Image) else _from_array(given)
                return self._finished(image)
            with Image.open(self._path, formats=SUPPORTED_FORMATS) as image:
                self._check_size(image)
                if size is not None:
                    image.draft(None, (REDUCTION * max(size),) * 2)
                return self._finished(image)

    def _finished(self, image: Image.Image) -> Image.Image:
        self._check_size(image)
        return _to_rgb(_upright(image), self.name)

    def _check_size(self, image: Image.Image) -> None:
        width, height = image.size
        if width * height > self.pixels_limit:
            raise MediaError(
                self.name,
                f"expected at most {self.pixels_limit:,} pixels. Received: {width} × {height}; "
                "make the image smaller or raise the limit.",
            )


def fit(image: Image.Image, preprocessing: Preprocessing | None) -> np.ndarray:
    """Return an RGB image (H, W, 3) uint8, resized as a preprocessing specifies, if any."""
    if preprocessing is None:
        return np.asarray(image)
    height, width = preprocessing.height, preprocessing.width
    resampling = FILTERS[preprocessing.interpolation]
    if preprocessing.resize == "pad":
        return np.asarray(_padded(image, (width, height), resampling))
    box = _central_box(image.size, width / height) if preprocessing.resize == "crop" else None
    return np.asarray(image.resize((width, height), resampling, box=box, reducing_gap=3.0))


@contextmanager
def _media_errors(name: str, path: Path | None) -> Iterator[None]:
    """Convert every exception of Pillow to a MediaError.

    Decoders raise many types for damaged files (struct.error, IndexError, SyntaxError, …).
    """
    try:
        yield
    except MediaError:
        raise
    except Exception as error:
        raise MediaError(name, _reason(error, path)) from error


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


def _upright(image: Image.Image) -> Image.Image:
    # Load first: reading EXIF may load the image too, and a second load of a broken PNG succeeds.
    image.load()
    try:
        transposition = TRANSPOSITIONS.get(image.getexif().get(ORIENTATION, 1))
    except Exception:  # A damaged EXIF block does not make the pixels unreadable.
        transposition = None
    return image if transposition is None else image.transpose(transposition)


def _to_rgb(image: Image.Image, name: str) -> Image.Image:
    if image.mode.startswith("I"):
        image = _to_eight_bits(image)
    if image.mode == "F":
        raise MediaError(
            name,
            "expected 8 or 16 bits per channel. Received: floating-point pixels of unknown range; "
            "save the image with 8 bits.",
        )
    if not image.has_transparency_data:
        return image.convert("RGB")
    colored = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", colored.size, "white"), colored).convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit values to 8 bits; Pillow's own conversion clips them at 255."""
    values = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
    return Image.fromarray(((values * 255 + 32767) // 65535).astype(np.uint8))


def _central_box(size: tuple[int, int], aspect: float) -> tuple[float, float, float, float]:
    """Return the largest centered box (left, top, right, bottom) with an aspect ratio."""
    width, height = min(size[0], size[1] * aspect), min(size[1], size[0] / aspect)
    left, top = (size[0] - width) / 2, (size[1] - height) / 2
    return left, top, left + width, top + height


def _padded(image: Image.Image, size: tuple[int, int], resampling: Image.Resampling) -> Image.Image:
    """Resize an image into a (width, height) canvas, with black bars at its sides."""
    scale = min(size[0] / image.width, size[1] / image.height)
    inner = image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))),
        resampling,
        reducing_gap=3.0,
    )
    canvas = Image.new("RGB", size)
    canvas.paste(inner, ((size[0] - inner.width) // 2, (size[1] - inner.height) // 2))
    return canvas


def _reason(error: Exception, path: Path | None) -> str:
    """Return the message for an exception of Pillow."""
    if isinstance(error, FileNotFoundError):
        return "expected an image; there is no such file."
    if isinstance(error, IsADirectoryError):
        return "expected an image. Received: a folder."
    if isinstance(error, PermissionError):
        return "this image may not be read; check its permissions."
    if isinstance(error, Image.DecompressionBombError):
        return f"expected fewer pixels. Received: {error}"
    if isinstance(error, UnidentifiedImageError) and path is not None:
        return _unidentified_reason(path)
    detail = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"the image is damaged or cut short ({detail})."


def _unidentified_reason(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(12)
    if not start:
        return "expected an image; the file is empty."
    if start[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"):
        return "expected an image that Pillow reads. Received: HEIC; convert it to JPEG or PNG."
    return (
        f"expected an image ({', '.join(SUPPORTED_FORMATS)}); "
        "the file is not an image, or its header is damaged."
    )
