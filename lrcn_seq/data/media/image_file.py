"""Image files that Pillow opens: their formats, how they are recognized, and their flaws."""

from __future__ import annotations

import io
import warnings
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from PIL import IcoImagePlugin, Image

from lrcn_seq.files import open_file

# Left out: EPS and WMF start other programs; formats without a magic number accept any file.
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
STILL_FORMATS = [name for name in SUPPORTED_FORMATS if name != "GIF"]
"""The formats of still images where clips are expected; there, a GIF file is a clip."""
IMAGE_SUFFIXES = frozenset(
    suffix for suffix, name in Image.registered_extensions().items() if name in STILL_FORMATS
)
"""Suffixes of files that are still images even where clips are expected."""
CLIP_SUFFIXES = frozenset(
    (
        *(".3gp", ".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4"),
        *(".mjpeg", ".mjpg", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".webm", ".wmv"),
    )
)
"""Suffixes of files that are never images where clips are expected."""
ICON_SIGNATURE = b"\0\0\1\0"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
ESSENTIAL_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"IDAT", b"IEND")
"""The chunks of a PNG file that determine the pixels of a still image."""
PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT")
"""The chunks of a PNG file that must be intact."""
CODESTREAM, CODING_STYLE = b"\xff\x4f\xff\x51", b"\xff\x52"
"""JPEG 2000 markers: the first two of an image, and that before the number of decompositions."""
HEADER_BYTES = 1 << 16
"""Number of bytes that are searched for the header of a JPEG 2000 image."""

_PILLOW_LIMIT = Lock()

# Ignore warnings of Pillow: `pixels_limit` replaces its limit; damaged metadata is harmless.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module="PIL")


def is_still_image(path: Path) -> bool:
    """Return whether a file is a still image where clips are expected.

    The suffix of an image or video format decides. For any other suffix, the content of the file
    decides, and a GIF is a clip.
    """
    suffix = path.suffix.lower()
    if suffix in IMAGE_SUFFIXES or suffix in CLIP_SUFFIXES:
        return suffix in IMAGE_SUFFIXES
    try:
        with open_file(path) as file, Image.open(file, formats=STILL_FORMATS):
            return True
    except Image.DecompressionBombError:
        return True
    except Exception:  # Decoders raise many exception types.
        return False


def icon_size(file: BinaryIO) -> tuple[int, int] | None:
    """Return the (width, height) of an icon, or None if the file has another format.

    Pillow decodes an icon when opening it, and the size in the directory of an icon may be wrong,
    so the size is read from the header of its image.
    """
    file.seek(0)
    if file.read(len(ICON_SIGNATURE)) != ICON_SIGNATURE:
        return None
    file.seek(0)
    header = IcoImagePlugin.IcoFile(file).entry[0]
    file.seek(header.offset)
    with Image.open(io.BytesIO(file.read(header.size)), formats=["PNG", "DIB"]) as icon:
        # The stated height of a bitmap includes its mask.
        return icon.width, icon.height if icon.format == "PNG" else icon.height // 2


def jpeg2000_reductions(file: BinaryIO) -> int:
    """Return how many times the decoder can halve the size of a JPEG 2000 image."""
    file.seek(0)
    header = file.read(HEADER_BYTES)
    start = header.find(CODING_STYLE, max(header.find(CODESTREAM), 0))
    return header[start + 9] if 0 <= start < len(header) - 9 else 0


def without_png_metadata(file: BinaryIO) -> BinaryIO | None:
    """Return a PNG file without its metadata, or None if the file has another format.

    Pillow refuses images whose metadata is damaged or contains more than a megabyte of text.
    """
    file.seek(0)
    if file.read(len(PNG_SIGNATURE)) != PNG_SIGNATURE:
        return None
    content = PNG_SIGNATURE + file.read()
    places = _png_places(content)
    kept = [content[start:end] for name, start, end in places if name in ESSENTIAL_CHUNKS]
    return io.BytesIO(PNG_SIGNATURE + b"".join(kept))


def png_chunks(content: bytes, checked: Collection[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and data of each complete chunk of a PNG file.

    Args:
        content: the bytes of the file.
        checked: the names of the chunks whose checksum is verified.

    Raises:
        OSError: the checksum of a chunk is wrong.
    """
    for name, start, end in _png_places(content):
        if end > len(content):
            return
        checksum = int.from_bytes(content[end - 4 : end])
        if name in checked and zlib.crc32(content[start + 4 : end - 4]) != checksum:
            raise OSError(f"damaged chunk at byte {start:,}")
        yield name, content[start + 8 : end - 4]


def _png_places(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name, start and end of each chunk of a PNG file; the last one may be incomplete."""
    start = len(PNG_SIGNATURE)
    while start + 8 <= len(content):
        end = start + 12 + int.from_bytes(content[start : start + 4])
        yield content[start + 4 : start + 8], start, end
        start = end


def check_png(file: BinaryIO) -> None:
    """Raise OSError if the pixels of a PNG file are damaged; Pillow does not verify them."""
    file.seek(0)
    for _ in png_chunks(file.read(), PIXEL_CHUNKS):
        pass


@contextmanager
def no_pillow_limit() -> Iterator[None]:
    """Disable the pixel limit of Pillow in the body of the context, in one thread at a time."""
    with _PILLOW_LIMIT:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit
