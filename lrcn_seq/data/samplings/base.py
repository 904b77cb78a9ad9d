"""The contract of a sampling, and the grid that samplings choose from."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np


class Sampling(ABC):
    """Chooses frame numbers of a video by the times (F,) at which its frames are shown, in seconds.

    A clip has as many frames as wanted, or fewer where the video is short: it is padded later, behind a mask.
    """

    @abstractmethod
    def train(self, times: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """The numbers (T,) of one clip for training."""

    @abstractmethod
    def test(self, times: np.ndarray) -> list[np.ndarray]:
        """The clips whose predictions are averaged in testing, each (T,)."""

    @abstractmethod
    def candidates(self, times: np.ndarray) -> np.ndarray:
        """All numbers that `train` or `test` may choose, ascending: what a feature store must hold."""

    def stream(self, times: np.ndarray) -> np.ndarray:
        """The numbers, ascending, that a classifier is shown which takes frames one by one."""
        return np.unique(np.concatenate(self.test(times)))


def grid(
    times: np.ndarray, step: int, *, seconds: float | None = None, phase: float = 0.0
) -> np.ndarray:
    """Every `step`-th frame number, or the frame shown at every multiple of `seconds`; `phase` in [0, 1) shifts the first."""
    if seconds is None:
        return np.arange(min(int(phase * step), len(times) - 1), len(times), step)
    moments = np.arange(min(phase * seconds, times[-1]), times[-1] + seconds * 1e-6, seconds)
    # A frame is shown until the next one comes; half a millisecond forgives rounded time stamps.
    return np.unique(np.searchsorted(times, moments + 5e-4, side="right") - 1)


def random_window(numbers: np.ndarray, length: int, random: np.random.Generator) -> np.ndarray:
    """`length` neighbors out of numbers, or all where there are fewer."""
    start = random.integers(max(len(numbers) - length, 0) + 1)
    return numbers[start : start + length]
