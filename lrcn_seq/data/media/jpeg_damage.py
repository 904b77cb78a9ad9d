"""Detection of damaged JPEG data that decodes to noise.

Damaged entropy-coded data is usually valid code: a decoder shows noise, and libjpeg at best warns.
Pillow does not report these warnings. Three tests find the damage:

* FFmpeg decodes the data strictly, and reports invalid codes and blocks with too many coefficients.
* If libjpeg reads beyond the end of the data, replacing the bytes after the end changes the image.
  libjpeg warns of a "premature end of data segment".
* If data is left over, replacing the last bytes of the data does not change the image. libjpeg
  warns of "extraneous bytes before marker". Since some cameras write such bytes, they are a sign of
  damage only together with a run of zeros, as left behind by a lost disk sector.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image

END = b"\xff\xd9"
FILLING = bytes([0x5A, 0x33, 0xC7, 0x11]) * 16
"""Bytes that decode with any Huffman table and contain no marker."""
TAIL = 16
"""Number of bytes at the end of the data that are replaced to test whether the image changes."""
ZEROS = bytes(32)

SCAN = 0xDA
PROGRESSIVE_FRAME = 0xC2
HUFFMAN_FRAMES = (0xC0, 0xC1, PROGRESSIVE_FRAME)
"""Markers of frames with Huffman codes, which FFmpeg decodes."""
TABLES = (0xC4, 0xDB, 0xDD)
"""Markers of the Huffman tables, the quantization tables and the restart interval."""


def jpeg_damage(content: bytes) -> str | None:
    """Return a description of the damage of a JPEG image that libjpeg decodes, otherwise None.

    Args:
        content: the bytes of the file.
    """
    segments = list(_segments(content))
    if not segments or segments[-1][0] != SCAN:
        return None
    start = segments[-1][1]
    end = content.find(END, start)
    end = len(content) if end < 0 else end
    content = content[:end] + END  # Some cameras append a second image, or a video.
    if _has_invalid_codes(content, segments):
        return "its data contains invalid codes"
    image = _pixels(content)
    if _pixels(content[:end] + FILLING + END) != image:
        return "its data ends early"
    data = content[:end].rstrip(b"\0")
    if len(data) < end and _pixels(data + FILLING + END) != image:
        data = content[:end]  # The zeros at the end are decoded.
    sequential = not any(marker == PROGRESSIVE_FRAME for marker, _, _ in segments)
    if sequential and data.find(ZEROS, start) >= 0:
        tail = bytes(byte ^ 0x5A for byte in data[-TAIL:]).replace(b"\xff", b"\xfe")
        if _pixels(data[:-TAIL] + tail + END) == image:
            return "its data was overwritten with zeros"
    return None


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the marker, start and end of each segment up to the first scan."""
    start = 2
    while start + 4 <= len(content) and content[start] == 0xFF:
        marker = content[start + 1]
        if marker == 0xFF:  # a fill byte
            start += 1
            continue
        end = start + 2 + int.from_bytes(content[start + 2 : start + 4])
        yield marker, start, end
        if marker == SCAN:
            return
        start = end


def _has_invalid_codes(content: bytes, segments: list[tuple[int, int, int]]) -> bool:
    """Return whether FFmpeg finds invalid codes in an image that it can decode."""
    import av

    if not any(marker in HUFFMAN_FRAMES for marker, _, _ in segments):
        return False
    needed = (*HUFFMAN_FRAMES, *TABLES)
    tables = b"".join(content[start:end] for marker, start, end in segments if marker in needed)
    decoder = av.CodecContext.create("mjpeg", "r")
    decoder.options = {"err_detect": "explode"}
    try:
        decoder.decode(av.Packet(content[:2] + tables + content[segments[-1][1] :]))
    except av.error.InvalidDataError:
        return True
    except av.error.FFmpegError:  # for example, an unusual subsampling
        return False
    return False


def _pixels(content: bytes) -> bytes:
    """Return the pixels of a JPEG image at an eighth of its size; empty if it is truncated."""
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
            image.draft(None, (1, 1))
            return image.tobytes()
    except OSError:
        return b""
