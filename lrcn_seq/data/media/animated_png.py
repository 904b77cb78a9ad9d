"""Frames of animated PNG files, each decoded as a PNG image of its own.

Pillow does not convert the transparent color of later frames, and clears a frame to black where the
PNG specification (third edition, chunks acTL, fcTL and fdAT) requires transparency.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from PIL import Image

from lrcn_seq.data.media.image_file import PIXEL_CHUNKS, PNG_SIGNATURE, png_chunks
from lrcn_seq.data.media.png_transparency import correct_transparent_color
from lrcn_seq.data.media.rgb import to_rgba

ANIMATION_CHUNKS = (*PIXEL_CHUNKS, b"acTL", b"fcTL", b"fdAT")
"""The chunks that determine the pixels of an animation."""
CONTROL = struct.Struct(">5I2H2B")
"""A frame control chunk: number, width, height, left, top, duration, disposal and blending."""
NUMBER_BYTES = 4
"""Number of bytes before the data in an fdAT chunk: the number of the chunk."""
TO_BACKGROUND, TO_PREVIOUS = 1, 2
"""What happens to a frame before the next one is drawn: made transparent, or undone."""
OVER = 1
"""The blending that composes a frame on the previous one instead of replacing it."""


class PngFrame(NamedTuple):
    """A frame as stored in the file.

    Attributes:
        content: a PNG file of the rectangle that the frame changes.
        box: (left, top, right, bottom) of the rectangle.
        seconds: the duration.
        disposal: what happens to the rectangle before the next frame is drawn.
        blending: how the rectangle is composed on the previous frame.
    """

    content: bytes
    box: tuple[int, int, int, int]
    seconds: float
    disposal: int
    blending: int


def is_animated_png(content: bytes) -> bool:
    """Return whether a PNG file states, before its pixels, that it is an animation."""
    if not content.startswith(PNG_SIGNATURE):
        return False
    for name, data in _chunks(content):
        if name in (b"acTL", b"IDAT"):
            return name == b"acTL" and any(data[:4])
    return False


def png_size(content: bytes) -> tuple[int, int]:
    """Return the (width, height) that the header of a PNG file states."""
    width, height = struct.unpack_from(">2I", content, len(PNG_SIGNATURE) + 8)
    return width, height


def png_frames(content: bytes) -> Iterator[PngFrame]:
    """Yield the frames of a PNG animation, without the fallback image.

    Raises:
        OSError: a chunk is damaged, or frames are missing.
    """
    shared: list[bytes] = []
    header, control, data, count, number = b"", b"", b"", 0, 0
    for name, value in _chunks(content):
        if name in (b"fcTL", b"IEND"):
            if control and data:
                yield _frame(header, shared, control, data)
                number += 1
            control, data = value, b""
        elif name == b"IHDR":
            header = value
        elif name in (b"PLTE", b"tRNS"):
            shared.append(_chunk(name, value))
        elif name == b"acTL":
            count = int.from_bytes(value[:4])
        elif control and name in (b"IDAT", b"fdAT"):
            data += value if name == b"IDAT" else value[NUMBER_BYTES:]
    if number < count:
        raise OSError(f"expected {count} frames. Received: {number}")


def composed_frames(content: bytes) -> Iterator[tuple[Image.Image, float]]:
    """Yield each frame of a PNG animation, composed on the previous ones, and its duration.

    A frame is an RGBA image with the EXIF metadata of the file; the next frame overwrites it.

    Raises:
        OSError: the file is damaged.
    """
    canvas = Image.new("RGBA", png_size(content))
    if exif := _exif(content):
        canvas.info["exif"] = b"Exif\0\0" + exif
    for number, frame in enumerate(png_frames(content)):
        image = _decoded(frame.content)
        before = canvas.crop(frame.box)
        if frame.blending == OVER:
            image = Image.alpha_composite(before, image)
        canvas.paste(image, frame.box)
        yield canvas, frame.seconds
        if frame.disposal == TO_PREVIOUS and number > 0:
            canvas.paste(before, frame.box)
        elif frame.disposal in (TO_BACKGROUND, TO_PREVIOUS):
            canvas.paste((0, 0, 0, 0), frame.box)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and data of each complete chunk; raise OSError if damage affects pixels."""
    return png_chunks(content, ANIMATION_CHUNKS)


def _exif(content: bytes) -> bytes | None:
    """Return the EXIF metadata of a PNG file, searched up to the first damaged chunk."""
    with suppress(OSError):
        for name, data in _chunks(content):
            if name == b"eXIf":
                return data
    return None


def _chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)


def _frame(header: bytes, shared: list[bytes], control: bytes, data: bytes) -> PngFrame:
    """Return a frame from the data of its chunks and the shared palette and transparency."""
    _, width, height, left, top, delay, denominator, disposal, blending = CONTROL.unpack(control)
    box = (left, top, left + width, top + height)
    canvas_width, canvas_height = struct.unpack_from(">2I", header)
    if not (0 < width <= canvas_width - left and 0 < height <= canvas_height - top):
        raise OSError(f"a frame at {box} exceeds the image")
    chunks = [
        _chunk(b"IHDR", struct.pack(">2I", width, height) + header[8:]),
        *shared,
        _chunk(b"IDAT", data),
        _chunk(b"IEND", b""),
    ]
    png = PNG_SIGNATURE + b"".join(chunks)
    return PngFrame(png, box, delay / (denominator or 100), disposal, blending)


def _decoded(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
        correct_transparent_color(image, io.BytesIO(content))
        image.load()
        return to_rgba(image)
