"""The share of the frames of a video that is lost to damage."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from lrcn_seq.files import open_file

if TYPE_CHECKING:
    import av

LOST_SHARE_LIMIT = 0.1
"""A video with a larger share of lost frames is refused."""

GAP = 5.0
"""Number of frames; a longer pause in a damaged video means that frames were lost."""
SEGMENT = b"\x18\x53\x80\x67"
"""The ID of the element of a Matroska file that holds everything but the header."""
FILE_SIZE = b"\x00\x08filesize\x00"
"""The key of the file size in the metadata of an FLV file, and the type of a number."""
HEADER_BYTES = 4096
"""Number of bytes in which a file states its size."""


class Damage:
    """Counts of the frames of a video that can be decoded and of those that cannot.

    The index of an MP4 or AVI states how many frames the file should hold. Without an index, lost
    frames show as long pauses, or as a duration shorter than the header states. What a truncated
    Matroska or FLV file lacks follows from the file size that it states.

    Args:
        path: the video file.
        container: the open container.
        stream: its video stream, before decoding.
        rate: frames per second.
    """

    def __init__(
        self,
        path: Path,
        container: av.container.InputContainer,
        stream: av.VideoStream,
        rate: float,
    ):
        self._path, self._container, self._stream = path, container, stream
        self._formats = frozenset(container.format.name.split(","))
        # If a file has no index, FFmpeg builds one while it reads the file.
        has_index = not self._formats.isdisjoint(("avi", "mov"))
        self._index_length = len(stream.index_entries) if has_index else 0
        self._frame_length = 1 / rate
        self._intact = self._failed = 0
        self._end = self._pauses = 0.0
        self._is_suspect = "avi" in self._formats  # A truncated AVI has no index.

    def add_frame(self, time: float, *, corrupt: bool) -> None:
        """Count a decoded frame whose time is given in seconds."""
        self._failed += corrupt
        self._intact += not corrupt
        pause = time + self._frame_length - self._end
        self._pauses += pause if pause > GAP * self._frame_length else 0.0
        self._end = time + self._frame_length

    def add_failure(self) -> None:
        """Count a packet that cannot be decoded."""
        self._failed += 1

    def add_suspicion(self) -> None:
        """Record that the file is damaged and may have lost frames."""
        self._is_suspect = True

    def lost_share(self) -> float:
        """Return the share of lost frames, from 0 to 1; call it after decoding the whole video."""
        found = self._intact + self._failed
        is_indexed = self._index_length >= found
        # If one indexed frame is missing, the cause may be a delay of the encoder.
        missing = max(self._indexed_frames() - 1 - found, 0) if is_indexed else 0
        share = (self._failed + missing) / max(found + missing, 1)
        if not is_indexed and (self._failed or self._is_suspect):
            length = max(self._end, self._stated_seconds())
            share = max(share, (self._pauses + length - self._end) / length)
        return max(share, self._truncated_share())

    def _truncated_share(self) -> float:
        """Return the share of a Matroska or FLV file that was cut off."""
        if not self._is_matroska and "flv" not in self._formats:
            return 0.0
        with open_file(self._path) as file:
            start = file.read(HEADER_BYTES)
        size = _matroska_size(start) if self._is_matroska else _flv_size(start)
        return max(1 - self._path.stat().st_size / size, 0.0) if size else 0.0

    @property
    def _is_matroska(self) -> bool:
        return "matroska" in self._formats

    def _indexed_frames(self) -> int:
        """Return how many frames a video should show according to its MP4 or AVI index."""
        entries = self._stream.index_entries
        return sum(entry.size > 0 and not entry.is_discard for entry in entries)

    def _stated_seconds(self) -> float:
        """Return the seconds of video that an AVI or Matroska header states, or 0 if unknown."""
        if "avi" in self._formats:
            return float(self._stream.frames * (self._stream.time_base or Fraction(0)))
        if not self._is_matroska:
            return 0.0
        try:
            hours, minutes, seconds = map(float, self._stream.metadata["DURATION"].split(":"))
            return 3600 * hours + 60 * minutes + seconds
        except (KeyError, ValueError):
            is_only = len(self._container.streams) == 1
            return (self._container.duration or 0) / 1e6 if is_only else 0.0


def _matroska_size(start: bytes) -> int:
    """Return the size that a Matroska file states in its first bytes, or 0 if it states none."""
    place = start.find(SEGMENT) + len(SEGMENT)
    length = 9 - start[place].bit_length() if len(SEGMENT) <= place < len(start) else 9
    if length > 8 or place + length > len(start):
        return 0
    unknown = (1 << 7 * length) - 1
    size = int.from_bytes(start[place : place + length], "big") & unknown
    return 0 if size in (0, unknown) else place + length + size


def _flv_size(start: bytes) -> float:
    """Return the size that an FLV file states in its first bytes, or 0 if it states none."""
    _, key, value = start.partition(FILE_SIZE)
    size = struct.unpack(">d", value[:8])[0] if key and len(value) >= 8 else 0.0
    return size if 0 < size < math.inf else 0.0
