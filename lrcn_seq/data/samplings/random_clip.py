"""A clip from a random position in training, the middle clip in testing."""

from __future__ import annotations

import numpy as np

from lrcn_seq.data.samplings.base import Sampling, frame_grid, random_window
from lrcn_seq.records import Positive, PositiveNumber, Steps
from lrcn_seq.registry import samplings


@samplings.register
class RandomClip(Sampling):
    """One clip of equally spaced frames.

    Args:
        length: The number of frames.
        step: The distance between frames, in frames.
        seconds: The distance in seconds, in place of `step`.
    """

    def __init__(
        self, length: Steps = 16, step: Positive = 1, *, seconds: PositiveNumber | None = None
    ):
        self.length, self.step, self.seconds = length, step, seconds

    def train(self, times: np.ndarray, random: np.random.Generator) -> np.ndarray:
        indices = frame_grid(times, self.step, seconds=self.seconds, phase=random.random())
        return random_window(indices, self.length, random)

    def test(self, times: np.ndarray) -> list[np.ndarray]:
        indices = self.stream(times)
        start = max(len(indices) - self.length, 0) // 2
        return [indices[start : start + self.length]]

    def candidates(self, times: np.ndarray) -> np.ndarray:
        return np.arange(len(times))

    def stream(self, times: np.ndarray) -> np.ndarray:
        return frame_grid(times, self.step, seconds=self.seconds)
