"""Overlapping clips over the whole video (Donahue et al. 2015, section 4: 16 frames, stride 8)."""

from __future__ import annotations

import numpy as np

from lrcn_seq.data.samplings.base import Sampling, grid, random_window
from lrcn_seq.records import Positive, PositiveNumber
from lrcn_seq.registry import samplings


@samplings.register
class Sliding(Sampling):
    """Clips of `length` frames that begin `stride` frames apart; the last ends with the video, and none comes twice.

    Frames are first thinned out to each `step`-th (or one every `seconds`). Training takes any clip of that length.
    """

    def __init__(self, length: Positive = 16, stride: Positive = 8, *, step: Positive = 1, seconds: PositiveNumber | None = None):
        self.length, self.stride, self.step, self.seconds = length, stride, step, seconds

    def train(self, times: np.ndarray, random: np.random.Generator) -> np.ndarray:
        return random_window(self.candidates(times), self.length, random)

    def test(self, times: np.ndarray) -> list[np.ndarray]:
        numbers = self.candidates(times)
        last = max(len(numbers) - self.length, 0)
        return [numbers[start : start + self.length] for start in (*range(0, last, self.stride), last)]

    def candidates(self, times: np.ndarray) -> np.ndarray:
        return grid(times, self.step, seconds=self.seconds)
