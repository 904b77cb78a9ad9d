"""The interface of a sampling, and the functions that samplings share."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np


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
        """Return the clips, each (T,), whose predictions are averaged in testing."""

    @abstractmethod
    def candidates(self, times: np.ndarray) -> np.ndarray:
        """Return all frame indices that `train` or `test` may select, for the feature store."""

    def stream(self, times: np.ndarray) -> np.ndarray:
        """Return the frame indices for streaming, where frames are classified one by one."""
        return np.unique(np.concatenate(self.test(times)))


def frame_grid(
    times: np.ndarray, step: int, *, seconds: float | None = None, phase: float = 0.0
) -> np.ndarray:
    """Return the indices of equally spaced frames.

    Args:
        times: The presentation times (F,) of the frames, in seconds.
        step: The distance between frames, in frames; not used with `seconds`.
        seconds: The distance between frames, in seconds. Selects the frame shown at each multiple.
        phase: The position of the first frame, as a fraction in [0, 1) of the distance.

    Returns:
        The frame indices in ascending order.
    """
    if seconds is None:
        return np.arange(min(int(phase * step), len(times) - 1), len(times), step)
    moments = np.arange(min(phase * seconds, times[-1]), times[-1] + seconds * 1e-6, seconds)
    # A frame is shown until the next one. Half a millisecond tolerates rounded timestamps.
    return np.unique(np.searchsorted(times, moments + 5e-4, side="right") - 1)


def random_window(indices: np.ndarray, length: int, random: np.random.Generator) -> np.ndarray:
    """Return `length` consecutive elements from a random start, or all if there are fewer."""
    start = random.integers(max(len(indices) - length, 0) + 1)
    return indices[start : start + length]
