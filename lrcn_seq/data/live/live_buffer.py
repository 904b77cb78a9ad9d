"""The buffer between the thread that decodes live video and the thread that predicts."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from lrcn_seq.data.live.frame_window import FrameWindow, LiveFrame
from lrcn_seq.records import Preprocessing

BUFFER_BYTES = 256 * 2**20
"""Largest number of bytes of the frames of a window."""
TIME_TOLERANCE = 5e-4
"""Largest rounding error of timestamps, in seconds."""


class LiveWindow(NamedTuple):
    """The newest window of a source.

    Attributes:
        media: its frames.
        start: time of its first frame, in seconds from the first frame of the source.
        end: time of its last frame.
        arrival: arrival of its last frame, in seconds of `time.monotonic`.
        received: number of frames that the source has sent so far.
        dropped: number of these frames that no window contains.
    """

    media: FrameWindow
    start: float
    end: float
    arrival: float
    received: int
    dropped: int


class LiveBuffer:
    """The frames of the last seconds of a source, with constant memory.

    One thread adds frames, another one takes windows. If all frames of a window would need more
    than `memory` bytes, only frames at a distance of at least `spacing` seconds are kept. Frames
    that leave the buffer before a window was taken are dropped.

    Args:
        name: the name of the source.
        sizes: the sizes and resize rules of the encoders.
        seconds: length of a window.
        memory: largest number of bytes of the frames.

    Attributes:
        received: number of frames that the source has sent.
        dropped: number of these frames that no window contains and that have left the buffer.
        spacing: smallest distance of the frames in the buffer, in seconds.
    """

    def __init__(
        self,
        name: str,
        sizes: Collection[Preprocessing],
        seconds: float,
        *,
        memory: int = BUFFER_BYTES,
    ):
        self.name, self.sizes, self.seconds = name, sizes, seconds
        self.received = self.dropped = 0
        frame_bytes = sum(size.height * size.width * 3 for size in sizes)
        self.spacing = seconds / max(memory // frame_bytes, 2)
        self._frames: deque[LiveFrame] = deque()
        self._taken = 0
        self._finished = False
        self._error: Exception | None = None
        self._changed = threading.Condition()

    def keeps(self, time: float) -> bool:
        """Return whether the buffer has room for a frame, so that it is worth resizing."""
        last = self._frames[-1].time if self._frames else -np.inf
        return bool(time - last >= self.spacing - TIME_TOLERANCE)

    def drop(self, count: int = 1) -> None:
        """Count frames that are received and not added."""
        with self._changed:
            self.received += count
            self.dropped += count

    def add(self, time: float, arrival: float, pixels: dict[Preprocessing, np.ndarray]) -> None:
        """Add a frame, and remove those that are older than a window.

        Args:
            time: time of the frame in seconds from the first frame of the source, ascending.
            arrival: time of its arrival, in seconds of `time.monotonic`.
            pixels: the frame for each of `sizes`.
        """
        with self._changed:
            self.received += 1
            self._frames.append(LiveFrame(self.received, time, arrival, pixels))
            while time - self._frames[0].time > self.seconds - TIME_TOLERANCE:
                self._remove_oldest()
            self._changed.notify_all()

    def clear(self) -> None:
        """Remove all frames, so that no window contains frames from before an interruption."""
        with self._changed:
            while self._frames:
                self._remove_oldest()

    def finish(self, error: Exception | None = None) -> None:
        """Mark the end of the source.

        Args:
            error: the reason of a failure, which `take` raises after the last window.
        """
        with self._changed:
            self._finished, self._error = True, error
            self._changed.notify_all()

    def wait_for_frames(self) -> None:
        """Wait for the first frame or the end of the source."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_news() or self._finished)

    def take(self, due: float) -> LiveWindow | None:
        """Return the newest window, or None after the end of the source.

        Args:
            due: the earliest time at which to return it, in seconds of `time.monotonic`; the last
                window is returned at once. A window is returned only if it has a new frame.

        Raises:
            Exception: the source has failed, and its last window was taken.
        """
        with self._changed:
            while not self._finished:
                remaining = due - time.monotonic()
                if remaining <= 0 and self._has_news():
                    break
                self._changed.wait(min(remaining, threading.TIMEOUT_MAX) if remaining > 0 else None)
            if not self._has_news():
                if self._error is not None:
                    raise self._error
                return None
            return self._window()

    def _window(self) -> LiveWindow:
        frames = list(self._frames)
        self._taken = frames[-1].number
        start, end, arrival = frames[0].time, frames[-1].time, frames[-1].arrival
        media = FrameWindow(self.name, frames)
        return LiveWindow(media, start, end, arrival, self.received, self.dropped)

    def _has_news(self) -> bool:
        return bool(self._frames) and self._frames[-1].number > self._taken

    def _remove_oldest(self) -> None:
        if self._frames.popleft().number > self._taken:
            self.dropped += 1
