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
    `last_twice` begins a clip at every stride up to the very end and moves those that would run over back to the last one,
    which so counts `length` / `stride` times: a bug of the released LRCN (`classify_video.py`).
    """

    def __init__(
        self,
        length: Positive = 16,
        stride: Positive = 8,
        *,
        step: Positive = 1,
        seconds: PositiveNumber | None = None,
        last_twice: bool = False,
    ):
        self.length, self.stride, self.step, self.seconds, self.last_twice = (
            length,
            stride,
            step,
            seconds,
            last_twice,
        )

    def train(self, times: np.ndarray, random: np.random.Generator) -> np.ndarray:
        return random_window(self.candidates(times), self.length, random)

    def test(self, times: np.ndarray) -> list[np.ndarray]:
        numbers = self.candidates(times)
        last = max(len(numbers) - self.length, 0)
        starts = (
            range(0, len(numbers), self.stride)
            if self.last_twice
            else (*range(0, last, self.stride), last)
        )
        return [numbers[min(start, last) :][: self.length] for start in starts]

    def candidates(self, times: np.ndarray) -> np.ndarray:
        return grid(times, self.step, seconds=self.seconds)
