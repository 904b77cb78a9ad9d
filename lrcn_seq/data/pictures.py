"""Pictures as people have them, to RGB pixels of the size an encoder wants."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing

PIXELS_LIMIT = 100_000_000

# EPS and WMF would start other programs, and formats without a magic number would take any file for a picture.
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
KNOWN_FORMATS = [name for name in FORMATS if name in Image.OPEN]
FILTERS = {
    name: Image.Resampling[name.upper()] for name in ("nearest", "bilinear", "bicubic", "lanczos")
}

# EXIF orientation to what sets the picture upright.
UPRIGHT = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
ORIENTATION = 0x0112

GIVEN = "the picture given"

# Decoding a JPEG at a fraction of its size is 2–6 times faster. At three times the wanted size or more the result
# differs from a full decode by 50 dB and up on photographs; at twice the size some fall to 38 dB.
REDUCTION = 3

# Our own bound comes first and says it in a sentence; a damaged EXIF block is no news to the user.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings(
    "ignore",
    message="(Corrupt EXIF|Truncated File Read|Metadata Warning)",
    category=UserWarning,
    module="PIL",
)


def read_picture(
    media: Any, *, pixels_limit: int = PIXELS_LIMIT, size: tuple[int, int] | None = None
) -> Image.Image:
    """The first frame of a picture, upright, RGB, transparent parts on white.

    Args:
        media: a path, a PIL image, an array (H, W), (H, W, 1|3|4) uint8 or uint16, or an object that draws itself.
        pixels_limit: no picture with more pixels is decoded.
        size: the (height, width) it will be resized to, if known: a large JPEG is then decoded at a fraction.

    Raises:
        MediaError: it cannot be read; the sentence says why.
    """
    if hasattr(media, "draw"):
        return Image.fromarray(media.draw()[0])
    if isinstance(media, np.ndarray):
        media = _from_array(media)
    if isinstance(media, Image.Image):
        with _sentences(GIVEN):
            _bound(media, pixels_limit, GIVEN)
            return _rgb(_upright(media))
    return _from_file(Path(os.fspath(media)), pixels_limit, size)


def fit(image: Image.Image, preprocessing: Preprocessing) -> np.ndarray:
    """An RGB picture as (H, W, 3) uint8 of the encoder's size, by its resize rule."""
    height, width = preprocessing.height, preprocessing.width
    how = FILTERS[preprocessing.interpolation]
    if preprocessing.resize == "pad":
        return np.asarray(_padded(image, (width, height), how))
    box = _central_box(image.size, width / height) if preprocessing.resize == "crop" else None
    return np.asarray(image.resize((width, height), how, box=box, reducing_gap=3.0))


def _from_file(path: Path, pixels_limit: int, size: tuple[int, int] | None) -> Image.Image:
    with _sentences(path), Image.open(path, formats=KNOWN_FORMATS) as image:
        _bound(image, pixels_limit, path)
        if size is not None:
            image.draft(None, (REDUCTION * max(size),) * 2)
        return _rgb(_upright(image))


@contextmanager
def _sentences(name: Any) -> Iterator[None]:
    """Turns what Pillow raises into a MediaError; decoders of damaged files raise almost anything (struct.error, IndexError, SyntaxError …)."""
    try:
        yield
    except MediaError:
        raise
    except Exception as error:
        raise MediaError(str(name), _why(name, error)) from error


def _bound(image: Image.Image, pixels_limit: int, name: Any) -> None:
    width, height = image.size
    if width * height > pixels_limit:
        raise MediaError(
            str(name),
            f"expected at most {pixels_limit:,} pixels. Received: {width} × {height}; make the picture smaller or raise the bound.",
        )


def _from_array(pixels: np.ndarray) -> Image.Image:
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
            "the array given",
            f"expected pixels (H, W, 3) uint8. Received: shape={pixels.shape}, dtype={pixels.dtype}.",
        )
    return Image.fromarray(pixels)


def _upright(image: Image.Image) -> Image.Image:
    image.load()  # before EXIF: reading EXIF may load too, and a second load of a broken PNG does not complain
    try:
        turn = UPRIGHT.get(image.getexif().get(ORIENTATION))
    except Exception:  # a damaged EXIF block does not make the pixels unreadable
        turn = None
    return image if turn is None else image.transpose(Image.Transpose(turn))


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        image = _eight_bits(image)
    if image.mode == "F":
        raise MediaError(
            getattr(image, "filename", "") or GIVEN,
            "expected 8 or 16 bits a channel. Received: floating-point pixels, whose range is not known; save it with 8 bits.",
        )
    if not image.has_transparency_data:
        return image.convert("RGB")
    colored = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", colored.size, "white"), colored).convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """16 bits to 8 by scaling; Pillow's own conversion would clip at 255."""
    values = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
    return Image.fromarray(((values * 255 + 32767) // 65535).astype(np.uint8))


def _central_box(size: tuple[int, int], aspect: float) -> tuple[float, float, float, float]:
    """The largest central part of this aspect (width / height)."""
    width, height = min(size[0], size[1] * aspect), min(size[1], size[0] / aspect)
    left, top = (size[0] - width) / 2, (size[1] - height) / 2
    return left, top, left + width, top + height


def _padded(image: Image.Image, size: tuple[int, int], how: Image.Resampling) -> Image.Image:
    scale = min(size[0] / image.width, size[1] / image.height)
    inner = image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))),
        how,
        reducing_gap=3.0,
    )
    canvas = Image.new("RGB", size)
    canvas.paste(inner, ((size[0] - inner.width) // 2, (size[1] - inner.height) // 2))
    return canvas


def _why(name: Any, error: Exception) -> str:
    """One sentence for what went wrong with a picture."""
    if isinstance(error, FileNotFoundError):
        return "expected a picture; there is no such file."
    if isinstance(error, IsADirectoryError):
        return "expected a picture. Received: a folder."
    if isinstance(error, PermissionError):
        return "this picture may not be read; check its permissions."
    if isinstance(error, Image.DecompressionBombError):
        return f"expected fewer pixels. Received: {error}"
    if isinstance(error, UnidentifiedImageError):
        return _not_a_picture(Path(name))
    return f"the picture is damaged or cut short ({str(error).splitlines()[0] if str(error) else type(error).__name__})."


def _not_a_picture(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(12)
    if not start:
        return "expected a picture; the file is empty."
    if start[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"):
        return "expected a picture that Pillow reads. Received: HEIC; convert it to JPEG or PNG."
    return f"expected a picture ({', '.join(KNOWN_FORMATS)}); the file is none, or its header is damaged."
