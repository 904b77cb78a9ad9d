"""Every n-th frame, or one every so many seconds."""

from __future__ import annotations

import numpy as np

from lrcn_seq.data.samplings.base import Sampling, grid
from lrcn_seq.records import Positive, PositiveNumber
from lrcn_seq.registry import samplings


@samplings.register
class Every(Sampling):
    """Each `step`-th frame from the first, at most `most` of them; with `seconds`, the frame shown at each multiple of it."""

    def __init__(
        self,
        step: Positive = 1,
        seconds: PositiveNumber | None = None,
        *,
        most: Positive | None = None,
    ):
        self.step, self.seconds, self.most = step, seconds, most

    def train(self, times: np.ndarray, random: np.random.Generator) -> np.ndarray:  # noqa: ARG002
        return self.candidates(times)

    def test(self, times: np.ndarray) -> list[np.ndarray]:
        return [self.candidates(times)]

    def candidates(self, times: np.ndarray) -> np.ndarray:
        return grid(times, self.step, seconds=self.seconds)[: self.most]

    def stream(self, times: np.ndarray) -> np.ndarray:
        return grid(times, self.step, seconds=self.seconds)
