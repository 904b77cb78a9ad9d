"""A clip from anywhere in training, the middle one in testing."""

from __future__ import annotations

import numpy as np

from lrcn_seq.data.samplings.base import Sampling, grid, random_window
from lrcn_seq.records import Positive, PositiveNumber
from lrcn_seq.registry import samplings


@samplings.register
class RandomClip(Sampling):
    """`length` frames, each `step` frames (or `seconds`) after the one before."""

    def __init__(
        self, length: Positive = 16, step: Positive = 1, *, seconds: PositiveNumber | None = None
    ):
        self.length, self.step, self.seconds = length, step, seconds

    def train(self, times: np.ndarray, random: np.random.Generator) -> np.ndarray:
        phase = random.random()
        return random_window(
            grid(times, self.step, seconds=self.seconds, phase=phase), self.length, random
        )

    def test(self, times: np.ndarray) -> list[np.ndarray]:
        numbers = grid(times, self.step, seconds=self.seconds)
        start = max(len(numbers) - self.length, 0) // 2
        return [numbers[start : start + self.length]]

    def candidates(self, times: np.ndarray) -> np.ndarray:
        return np.arange(len(times))

    def stream(self, times: np.ndarray) -> np.ndarray:
        return grid(times, self.step, seconds=self.seconds)
