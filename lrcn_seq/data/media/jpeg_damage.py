"""Detection of damaged JPEG data that decodes to noise.

Damaged entropy-coded data is usually valid code: a decoder shows noise, and libjpeg at best warns.
Pillow does not report these warnings. The following tests find the damage:

* FFmpeg decodes the data strictly, and reports invalid codes and blocks with too many coefficients.
* If libjpeg reads beyond the end of the data, replacing the bytes after the end changes the image.
  libjpeg warns of a "premature end of data segment".
* A lost disk sector or an interrupted download leaves a run of zeros. Zeros are the code of a flat
  area only if the shortest Huffman code means "no more coefficients". Otherwise they are damage.
  They are also damage if restart markers or later scans are missing.
* If data is left over, replacing the last bytes of the data does not change the image. libjpeg
  warns of "extraneous bytes before marker". Since some cameras write such bytes, they are a sign of
  damage only together with a run of zeros.
"""

from __future__ import annotations

import io
import re

from PIL import Image

from lrcn_seq.data.media.jpeg_scans import (
    HUFFMAN_FRAMES,
    SCAN,
    Scan,
    Segment,
    has_all_restarts,
    is_complete,
    jpeg_scans,
    jpeg_segments,
)

END = b"\xff\xd9"
FILLING = bytes([0x5A, 0x33, 0xC7, 0x11]) * 16
"""Bytes that decode with any Huffman table and contain no marker."""
TAIL = 16
"""Number of bytes at the end of the data that are replaced to test whether the image changes."""
ZEROS = re.compile(rb"\0{32,}")
"""A run of zeros that is longer than a block of equal coefficients. Where zeros are not the code of
a flat area, intact photographs have at most 8 of them."""

LARGE = 1 << 24
"""Number of pixels up to which images are compared in full size, which takes time and memory."""
TABLES = (0xC4, 0xDB, 0xDD)
"""Markers of the Huffman tables, the quantization tables and the restart interval."""


def jpeg_damage(content: bytes) -> str | None:
    """Return a description of the damage of a JPEG image that libjpeg decodes, otherwise None.

    Args:
        content: the bytes of the file.
    """
    segments = _segments(content)
    if not segments or segments[-1].marker != SCAN:
        return None
    start = segments[-1].end
    end = content.find(END, start)
    end = len(content) if end < 0 else end
    content = content[:end] + END  # Some cameras append a second image, or a video.
    if _has_invalid_codes(content, segments):
        return "its data contains invalid codes"
    image = _pixels(content)
    if _pixels(content[:end] + FILLING + END) != image:
        return "its data ends early"
    data = content[:end].rstrip(b"\0")
    if len(data) < end and _is_decoded(data, content):
        data = content[:end]
    return "its data was overwritten with zeros" if _was_overwritten(data) else None


def _segments(content: bytes) -> list[Segment]:
    """Return the segments up to the first scan."""
    segments = []
    for segment in jpeg_segments(content):
        segments.append(segment)
        if segment.marker == SCAN:
            break
    return segments


def _is_decoded(data: bytes, content: bytes) -> bool:
    """Return whether the zeros at the end of `content`, which `data` lacks, affect pixels."""
    # At an eighth of the size, the last scan of a progressive image is invisible.
    replaced = _pixels(data + FILLING + END, is_whole=True)
    return replaced != _pixels(content, is_whole=True)


def _was_overwritten(content: bytes) -> bool:
    """Return whether the data contains zeros that no encoder wrote."""
    scans = jpeg_scans(content)
    suspects = [scan for scan in scans if ZEROS.search(content, scan.start, scan.end)]
    if not suspects:
        return False
    if not is_complete(scans) or not all(has_all_restarts(content, scan) for scan in suspects):
        return True
    if not all(scan.zeros_are_flat for scan in suspects):
        return True
    is_whole = len(scans) > 1
    if is_whole and _is_large(content):
        return False
    return _has_short_scan(content, suspects, is_whole=is_whole) or any(
        _has_rest(content, scan, is_whole=is_whole) for scan in suspects if scan.tail_is_visible
    )


def _has_rest(content: bytes, scan: Scan, *, is_whole: bool) -> bool:
    """Return whether the last bytes of a scan are not decoded."""
    start = max(content.rfind(b"\xff", scan.start, scan.end) + 2, scan.end - TAIL, scan.start)
    tail = bytes(byte ^ 0x5A for byte in content[start : scan.end]).replace(b"\xff", b"\xfe")
    changed = content[:start] + tail + content[scan.end :]
    image = _pixels(content + END, is_whole=is_whole)
    return bool(tail) and _pixels(changed + END, is_whole=is_whole) == image


def _has_short_scan(content: bytes, suspects: list[Scan], *, is_whole: bool) -> bool:
    """Return whether a decoder needs more bytes than one of the scans has."""
    longer = content
    for scan in reversed(suspects):
        longer = longer[: scan.end] + FILLING + longer[scan.end :]
    image = _pixels(content + END, is_whole=is_whole)
    return _pixels(longer + END, is_whole=is_whole) != image


def _has_invalid_codes(content: bytes, segments: list[Segment]) -> bool:
    """Return whether FFmpeg finds invalid codes in an image that it can decode."""
    import av

    if not any(marker in HUFFMAN_FRAMES for marker, _, _ in segments):
        return False
    needed = (*HUFFMAN_FRAMES, *TABLES)
    tables = b"".join(content[start:end] for marker, start, end in segments if marker in needed)
    decoder = av.CodecContext.create("mjpeg", "r")
    decoder.options = {"err_detect": "explode"}
    try:
        decoder.decode(av.Packet(content[:2] + tables + content[segments[-1].start :]))
    except av.error.InvalidDataError:
        return True
    except av.error.FFmpegError:  # for example, an unusual subsampling
        return False
    return False


def _is_large(content: bytes) -> bool:
    with Image.open(io.BytesIO(content + END), formats=["JPEG"]) as image:
        return image.width * image.height > LARGE


def _pixels(content: bytes, *, is_whole: bool = False) -> bytes:
    """Return the pixels of a JPEG image; empty if it is truncated.

    Args:
        content: the bytes of the file.
        is_whole: whether the image is decoded in full size instead of an eighth, unless it is
            large.
    """
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
            if not is_whole or image.width * image.height > LARGE:
                image.draft(None, (1, 1))
            return image.tobytes()
    except OSError:
        return b""
