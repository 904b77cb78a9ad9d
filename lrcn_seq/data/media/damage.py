"""The share of the frames of a video that is lost to damage."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from lrcn_seq.data.media.truncation import (
    Ending,
    file_ending,
    is_cut_riff,
    ogg_packets,
    truncated_share,
)
from lrcn_seq.files import open_file

if TYPE_CHECKING:
    import av

LOST_SHARE_LIMIT = 0.1
"""A video with a larger share of lost frames is refused."""

GAP = 5.0
"""Number of frames; a longer pause in a damaged video means that frames were lost."""
LAST_FRAMES = 3
"""Number of frames at the end of an MPEG program stream that must be intact; the frame stored last
may be a B-frame, which is shown up to two frames before the end."""
CONSTANT_RATE_FORMATS = frozenset({"gxf", "mxf"})
"""FFmpeg formats that state their duration and whose last frame is as long as all others."""
UNKNOWN = 2**32 - 1
"""The length in the header of an IVF file whose writing was not finished."""
OGG_HEADERS = 3
"""Number of packets at the start of a stream in Ogg that hold no frame, at most."""
SPARE_FRAMES = 2
"""Number of frames by which a stated duration may be too long; GXF counts fields in pairs."""


UNREAD_BYTES = {"matroska": 2**13, "flv": 2**13, "asf": 2**14}
"""Number of bytes between two packets that is allowed in intact files of FFmpeg formats."""


class Damage:
    """Counts of the frames of a video that can be decoded and of those that cannot.

    Losses are found by comparison with what the container states: the index of an MP4 or AVI file
    and the pages of an Ogg file list the frames, the header of an IVF file states their number or
    duration, and other headers state the duration (MXF, GXF, Matroska, AVI, RealMedia) or the file
    size (see `truncated_share`). In a damaged file, long pauses are lost frames. Fragmented MP4,
    GIF, Ogg and MPEG program streams do not state their length, but a cut leaves an incomplete
    element; see `file_ending`. Bytes that no packet covers also show damage: FFmpeg continues with
    the next intact part of a Matroska, FLV or ASF file. Raw streams (H.264, DV, Y4M), MPEG-TS, NUT
    and live recordings in Matroska do not show whether they are complete.

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
        self._intact = self._failed = self._packets = self._intact_at_end = 0
        self._end = self._pauses = 0.0
        self._is_suspect = "avi" in self._formats  # A truncated AVI has no index.
        limits = [limit for name, limit in UNREAD_BYTES.items() if name in self._formats]
        self._unread_limit = max(limits, default=0)
        self._place = 0

    def add_frame(self, time: float, *, corrupt: bool) -> None:
        """Count a decoded frame whose time is given in seconds."""
        self._failed += corrupt
        self._intact += not corrupt
        self._intact_at_end = 0 if corrupt else self._intact_at_end + 1
        pause = time + self._frame_length - self._end
        self._pauses += pause if pause > GAP * self._frame_length else 0.0
        self._end = time + self._frame_length

    def add_failure(self) -> None:
        """Count a packet that cannot be decoded."""
        self._failed += 1
        self._intact_at_end = 0

    def add_packet(self, *, corrupt: bool) -> None:
        """Count a packet; a corrupt one indicates that frames may be lost."""
        self._packets += 1
        self._is_suspect |= corrupt

    def add_place(self, start: int | None, size: int) -> None:
        """Record the place of a packet of any stream in the file, in bytes."""
        if start is None or start < 0 or not self._unread_limit:
            return
        self._is_suspect |= 0 < self._place < start - self._unread_limit
        self._place = max(self._place, start + size)

    def add_suspicion(self) -> None:
        """Record that the file is damaged and may have lost frames."""
        self._is_suspect = True

    def lost_share(self) -> float:
        """Return the share of lost frames, from 0 to 1; call it after decoding the whole video."""
        self._is_suspect |= self._has_unread_end()
        found = self._intact + self._failed
        is_indexed = self._index_length >= found and not self._is_cut_avi()
        # If one indexed frame is missing, the cause may be a delay of the encoder.
        missing = max(self._indexed_frames() - 1 - found, 0) if is_indexed else 0
        share = (self._failed + missing) / max(found + missing, 1)
        if not is_indexed and (self._failed or self._is_suspect):
            length = max(self._end, self._stated_seconds())
            share = max(share, (self._pauses + length - self._end) / length)
        if not self._formats.isdisjoint(CONSTANT_RATE_FORMATS):
            stated = self._seconds(self._stream.duration)
            share = max(
                share, self._missing_seconds(stated) + self._pauses / max(stated, self._end)
            )
        if "ivf" in self._formats:
            share = max(share, self._missing_packets())
        with open_file(self._path) as file:
            if "ogg" in self._formats:
                listed = ogg_packets(file, self._stream.index) - OGG_HEADERS
                share = max(share, 1 - self._packets / max(listed, self._packets, 1))
            return max(share, truncated_share(file, self._formats))

    def ending(self) -> Ending:
        """Return how the file ends; call it after decoding the whole video."""
        if "mpeg" in self._formats and self._intact_at_end < LAST_FRAMES < self._intact:
            return Ending.CUT
        with open_file(self._path) as file:
            return file_ending(file, self._formats)

    def _has_unread_end(self) -> bool:
        """Return whether a tenth of the file follows the last packet, which may be damaged."""
        size = self._path.stat().st_size
        return bool(self._unread_limit) and size - self._place > max(size / 10, self._unread_limit)

    def _missing_seconds(self, stated: float) -> float:
        """Return the missing share of a stated duration, with a tolerance of a few frames."""
        missing = stated - self._end - SPARE_FRAMES * self._frame_length
        return missing / stated if missing > 0 else 0.0

    def _missing_packets(self) -> float:
        """Return the missing share of an IVF file.

        The length in its header is the number of frames or, as some encoders have it, the duration
        in units of the time base.
        """
        stated = self._stream.frames or self._stream.duration or 0
        stated = 0 if stated >= UNKNOWN else stated
        missing = max(stated - self._packets, 0) / max(stated, 1)
        seconds = self._seconds(stated)
        return min(missing, self._missing_seconds(seconds)) if seconds >= self._end else missing

    def _is_cut_avi(self) -> bool:
        """Return whether the file is a truncated AVI, whose index is missing."""
        if "avi" not in self._formats:
            return False
        with open_file(self._path) as file:
            return is_cut_riff(file)

    def _indexed_frames(self) -> int:
        """Return how many frames a video should show according to its MP4 or AVI index."""
        entries = self._stream.index_entries
        return sum(entry.size > 0 and not entry.is_discard for entry in entries)

    def _stated_seconds(self) -> float:
        """Return the seconds of video that a header states, or 0 if unknown."""
        if "avi" in self._formats:
            return self._seconds(self._stream.frames)
        if "rm" in self._formats:
            return self._seconds(self._stream.duration)
        if "matroska" not in self._formats:
            return 0.0
        try:
            hours, minutes, seconds = map(float, self._stream.metadata["DURATION"].split(":"))
            return 3600 * hours + 60 * minutes + seconds
        except (KeyError, ValueError):
            is_only = len(self._container.streams) == 1
            return (self._container.duration or 0) / 1e6 if is_only else 0.0

    def _seconds(self, units: int | None) -> float:
        """Convert a duration from units of the time base of the stream to seconds."""
        return float((units or 0) * (self._stream.time_base or Fraction(0)))
