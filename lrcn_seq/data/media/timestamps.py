"""Frame times of a video that ascend from 0, computed one frame at a time.

Timestamps of a file may be missing (AVI with B-frames), or jump where recordings were joined
(MPEG-TS). `BestEffort` chooses the timestamp of each frame; `FrameClock` makes the times ascend.
"""

from __future__ import annotations

SHORTEST_STEP = 1e-4
"""Smallest distance between two frames, in seconds; a smaller one counts as a repetition."""
LONGEST_STEP = 3600.0
"""Longest display time of a frame, in seconds; a screen recording may keep a frame for minutes."""
LONGEST_STEP_IN_BROADCASTS = 10.0
"""Longest display time, in seconds, in formats whose clock may restart, such as MPEG-TS; equals
FFmpeg's `-dts_delta_threshold`."""

JOIN_GAP = 5.0
"""Number of frames; where recordings were joined, a longer step forward is a discontinuity."""


class BestEffort:
    """The best-effort timestamps of the frames of a stream, as FFmpeg chooses them.

    The timestamp of a frame is its presentation timestamp. If that is missing, or if presentation
    timestamps have failed to ascend more often than decoding timestamps, it is the decoding
    timestamp.
    """

    def __init__(self) -> None:
        self._last_pts: int | None = None
        self._last_dts: int | None = None
        self._faults = 0

    def timestamp(self, pts: int | None, dts: int | None) -> int | None:
        """Return the timestamp of the next frame in display order, or None if it has none.

        Args:
            pts: presentation timestamp.
            dts: decoding timestamp of the packet that completed the frame.
        """
        self._faults += _repeats(pts, self._last_pts) - _repeats(dts, self._last_dts)
        if pts is not None or dts is not None:  # A missing timestamp is replaced by the other.
            self._last_pts = dts if pts is None else pts
            self._last_dts = pts if dts is None else dts
        return dts if pts is None or (self._faults > 0 and dts is not None) else pts


def _repeats(stamp: int | None, last: int | None) -> bool:
    return stamp is not None and last is not None and stamp <= last


class FrameClock:
    """The times of the frames of a video in seconds, ascending from 0.

    Times follow the timestamps, except at a discontinuity: a timestamp that is missing, repeats the
    previous time, goes back, or jumps forward by more than `longest_step` (after `expect_join`, by
    more than a few frames). The frame with such a timestamp follows the previous frame by one
    frame length, and later frames keep their distances to it. If a later timestamp continues those
    before the discontinuity, times follow it as before, except after `expect_join`.

    Args:
        rate: frames per second, from which the length of a frame follows.
        longest_step: longest display time of a frame, in seconds.
    """

    def __init__(self, rate: float, longest_step: float = LONGEST_STEP):
        self._length, self._longest_step = 1 / rate, longest_step
        self._time: float | None = None
        self._offsets = (0.0, 0.0)  # before and after the last discontinuity
        self._expects_join = False

    def expect_join(self) -> None:
        """Record that one of the next timestamps belongs to another recording."""
        self._expects_join = True

    def advance(self, stamp: float | None) -> float:
        """Return the time of the next frame.

        Args:
            stamp: timestamp of the frame in seconds; None if it has none.
        """
        if self._time is None:
            self._offsets = (-(stamp or 0.0),) * 2
            self._time, self._step = 0.0, self._length
            return 0.0
        offset = None if stamp is None else self._fitting_offset(stamp)
        if stamp is None or offset is None:
            time = self._time + self.frame_length
            if stamp is not None:
                before = time - stamp if self._expects_join else self._offsets[0]
                self._offsets, self._expects_join = (before, time - stamp), False
        else:
            time, self._offsets = stamp + offset, (offset, offset)
            self._step = time - self._time
        self._time = time
        return time

    @property
    def frame_length(self) -> float:
        """The frame length in seconds: the last regular frame distance, at most 1 / `rate`."""
        return min(self._length, self._step)

    def _fitting_offset(self, stamp: float) -> float | None:
        """Return the offset under which a timestamp continues the video, or None."""
        time = self._time or 0.0
        longest_step = JOIN_GAP * self._length if self._expects_join else self._longest_step
        for offset in self._offsets:
            if SHORTEST_STEP <= stamp + offset - time <= longest_step:
                return offset
        return None
