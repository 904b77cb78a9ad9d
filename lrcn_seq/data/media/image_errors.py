"""Conversion of the exceptions of Pillow to MediaErrors with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from lrcn_seq.data.media.image_file import SUPPORTED_FORMATS
from lrcn_seq.errors import MediaError
from lrcn_seq.files import open_file


@contextmanager
def image_errors(name: str, path: Path | None) -> Iterator[None]:
    """Convert every exception in the body of the context to a MediaError.

    Decoders raise many exception types for damaged files (struct.error, IndexError, …).
    """
    try:
        yield
    except MediaError:
        raise
    except Exception as error:
        raise MediaError(name, _reason(error, path)) from error


def _reason(error: Exception, path: Path | None) -> str:
    """Return the message for an exception of Pillow."""
    if isinstance(error, FileNotFoundError):
        return "expected an image; there is no such file."
    if isinstance(error, IsADirectoryError):
        return "expected an image. Received: a folder."
    if isinstance(error, PermissionError):
        return "this image cannot be read; check its permissions."
    if isinstance(error, UnidentifiedImageError) and path is not None:
        return _unidentified_reason(path)
    if isinstance(error, MemoryError):
        return "there is too little memory to read this image."
    if isinstance(error, OSError) and error.strerror:
        return f"this image cannot be read ({error.strerror})."
    if isinstance(error, ValueError) and "null byte" in str(error):
        return "expected an image; its path contains a NUL character."
    detail = str(error).splitlines()[0] if str(error) else type(error).__name__
    if detail.startswith("expected"):
        return f"{detail.removesuffix('.')}."
    return f"the image is damaged or cut short ({detail})."


def _unidentified_reason(path: Path) -> str:
    with open_file(path) as file:
        start = file.read(16)
    if not start:
        return "expected an image; the file is empty."
    if start[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"):
        return "expected an image that Pillow reads. Received: HEIC; convert it to JPEG or PNG."
    if is_video(start):
        return (
            "expected an image. Received: a video; use a run that takes videos, or save a frame "
            "of it as an image."
        )
    for name in SUPPORTED_FORMATS:
        accept = Image.OPEN[name][1]
        if accept is not None and accept(start) is True:
            return (
                f"expected an image that Pillow reads. Received: {name} of an unusual kind, or its "
                "header is damaged; save it as PNG or JPEG."
            )
    return (
        f"expected an image ({', '.join(SUPPORTED_FORMATS)}); "
        "the file is not an image, or its header is damaged."
    )


def is_video(start: bytes) -> bool:
    """Return whether the first 16 bytes of a file are those of a common video container.

    The containers are MP4 and QuickTime, AVI, Matroska and WebM, Flash Video, MPEG-PS and ASF.
    """
    return (
        (start[4:8] == b"ftyp" and start[8:12] not in (b"avif", b"avis"))
        or (start[:4] == b"RIFF" and start[8:12] == b"AVI ")
        or start.startswith((b"\x1aE\xdf\xa3", b"FLV", b"\0\0\x01\xba", b"0&\xb2u"))
    )
