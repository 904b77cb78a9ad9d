"""The share of a video that is lost to damage."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from lrcn_seq.files import open_file

if TYPE_CHECKING:
    import av

LOST_SHARE_LIMIT = 0.1
"""Largest share of lost frames with which a video is still used."""

GAP = 5.0
"""Length, in frames, above which a pause in a damaged video counts as lost."""
SEGMENT = b"\x18\x53\x80\x67"
"""The ID of the element of a Matroska file that holds everything but the header."""


class Damage:
    """A count of the frames of a video that can and cannot be decoded.

    The index of an MP4 or AVI tells how many frames the file should hold. Without an index, a
    damaged video has also lost its pauses, and the end that its header states. What is missing from
    a truncated Matroska file follows from its size.

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
        self._frame_length = 1 / rate
        self._intact = self._failed = self._indexed = 0
        self._end = self._pauses = self._stated_seconds = self._truncated = 0.0
        self._is_suspect = False
        formats = container.format.name.split(",")
        if "avi" in formats or "mov" in formats:
            entries = stream.index_entries
            self._indexed = sum(entry.size > 0 and not entry.is_discard for entry in entries)
        if "avi" in formats:
            self._is_suspect = True  # The index is missing if the file was cut.
            self._stated_seconds = float(stream.frames * (stream.time_base or Fraction(0)))
        if "matroska" in formats:
            self._stated_seconds = _stated_seconds(container, stream)
            self._truncated = _truncated_share(path)

    def add_frame(self, time: float, *, corrupt: bool) -> None:
        """Count a decoded frame at a time in seconds."""
        self._failed += corrupt
        self._intact += not corrupt
        pause = time + self._frame_length - self._end
        self._pauses += pause if pause > GAP * self._frame_length else 0.0
        self._end = time + self._frame_length

    def add_failure(self) -> None:
        """Count a packet that cannot be decoded."""
        self._failed += 1

    def add_suspicion(self) -> None:
        """Note that the file is damaged, which may have lost frames."""
        self._is_suspect = True

    def lost_share(self) -> float:
        """Return the share of lost frames, from 0 to 1, after the whole video was decoded."""
        found = self._intact + self._failed
        # One frame less than indexed may be a delay of the encoder rather than damage.
        missing = max(self._indexed - 1 - found, 0)
        share = (self._failed + missing) / max(found + missing, 1)
        if self._indexed < found and (self._failed or self._is_suspect):
            length = max(self._end, self._stated_seconds)
            share = max(share, (self._pauses + length - self._end) / length)
        return max(share, self._truncated)


def _stated_seconds(container: av.container.InputContainer, stream: av.VideoStream) -> float:
    """Return the length of a Matroska video stream according to its tags or header, or 0."""
    tag = stream.metadata.get("DURATION", "")
    try:
        hours, minutes, seconds = map(float, tag.split(":"))
        return 3600 * hours + 60 * minutes + seconds
    except ValueError:
        return (container.duration or 0) / 1e6 if len(container.streams) == 1 else 0.0


def _truncated_share(path: Path) -> float:
    """Return the share of a Matroska file that was cut off, according to its stated size."""
    with open_file(path) as file:
        start = file.read(4096)
    place = start.find(SEGMENT) + len(SEGMENT)
    length = 9 - start[place].bit_length() if len(SEGMENT) <= place < len(start) else 9
    if length > 8 or place + length > len(start):
        return 0.0
    unknown = (1 << 7 * length) - 1
    size = int.from_bytes(start[place : place + length], "big") & unknown
    present = path.stat().st_size - place - length
    return 0.0 if size in (0, unknown) else max(1 - present / size, 0.0)
