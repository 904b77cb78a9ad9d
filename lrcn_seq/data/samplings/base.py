"""The interface of a sampling, and the functions that samplings share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import ceil

import numpy as np

TOLERANCE = 5e-4
"""Largest rounding error of timestamps, in seconds."""


class Sampling(ABC):
    """Selects frames of a video, given the presentation times (F,) of its frames in seconds.

    Methods return frame indices in ascending order. A clip of a short video may have fewer frames
    than requested; it is padded and masked later.
    """

    @abstractmethod
    def train(self, times: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Return the frame indices (T,) of one clip for training."""

    @abstractmethod
    def test(self, times: np.ndarray) -> list[np.ndarray]:
        """Return the frame indices (T,) of the test clips, whose predictions are averaged."""

    @abstractmethod
    def candidates(self, times: np.ndarray) -> np.ndarray:
        """Return all frame indices that `train` or `test` may select, for the feature store."""

    def stream(self, times: np.ndarray) -> np.ndarray:
        """Return the frame indices for streaming, where frames are classified one by one."""
        return np.unique(np.concatenate(self.test(times)))

    @property
    def clip_length(self) -> int | None:
        """The largest number of frames of a test clip; None, the default, if it is unlimited."""
        return None

    @property
    def live_grid(self) -> FrameGrid | None:
        """A grid that selects the frames of `stream` while the video is being decoded.

        None, the default, if the selection depends on the length of the video.
        """
        return None


@dataclass(frozen=True)
class FrameGrid:
    """Equally spaced frames.

    Attributes:
        step: The distance between frames, in frames; ignored if `seconds` is given.
        seconds: The distance between selected frames, in seconds.
    """

    step: int
    seconds: float | None = None

    def selects(self, number: int, time: float, next_time: float | None) -> bool:
        """Return whether a frame is selected, without knowing frames after the next one.

        Args:
            number: The number of the frame, from 0.
            time: The time of the frame, in seconds.
            next_time: The time of the next frame; None for the last one.
        """
        if self.seconds is None:
            return number % self.step == 0
        # The first multiple of `seconds` at or after this frame. It must precede the next frame.
        multiple = max(ceil((time - TOLERANCE) / self.seconds), 0) * self.seconds
        if next_time is None:
            return multiple < time + self.seconds * 1e-6
        return multiple + TOLERANCE < next_time


def frame_grid(
    times: np.ndarray, step: int, *, seconds: float | None = None, phase: float = 0.0
) -> np.ndarray:
    """Return the indices of equally spaced frames.

    Args:
        times: The presentation times (F,) of the frames, in seconds.
        step: The distance between frames, in frames; ignored if `seconds` is given.
        seconds: The distance between selected frames, in seconds.
        phase: The position of the first frame, as a fraction in [0, 1) of the distance.

    Returns:
        The frame indices in ascending order.
    """
    if seconds is None:
        return np.arange(min(int(phase * step), len(times) - 1), len(times), step)
    moments = np.arange(min(phase * seconds, times[-1]), times[-1] + seconds * 1e-6, seconds)
    return shown_frames(times, moments)


def shown_frames(times: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Return the indices, without duplicates, of the frames shown at moments in seconds.

    Each frame is shown until the next frame begins.
    """
    return np.unique(np.searchsorted(times, moments + TOLERANCE, side="right") - 1)


def random_window(indices: np.ndarray, length: int, random: np.random.Generator) -> np.ndarray:
    """Return `length` consecutive elements from a random start, or all if there are fewer."""
    start = random.integers(max(len(indices) - length, 0) + 1)
    return indices[start : start + length]
