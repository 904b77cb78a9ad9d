"""Frames at a fixed distance, in frames or in seconds."""

from __future__ import annotations

import numpy as np

from lrcn_seq.data.samplings.base import FrameGrid, Sampling, frame_grid
from lrcn_seq.records import Positive, PositiveNumber, Steps
from lrcn_seq.registry import samplings


@samplings.register
class Every(Sampling):
    """Every `step`-th frame from the first.

    Args:
        step: The distance between frames, in frames.
        seconds: The distance between frames in seconds, in place of `step`.
        most: The maximum number of frames; None for no maximum. Streaming ignores it.
    """

    def __init__(
        self,
        step: Positive = 1,
        seconds: PositiveNumber | None = None,
        *,
        most: Steps | None = None,
    ):
        self.step, self.seconds, self.most = step, seconds, most

    def train(self, times: np.ndarray, random: np.random.Generator) -> np.ndarray:  # noqa: ARG002
        return self.candidates(times)

    def test(self, times: np.ndarray) -> list[np.ndarray]:
        return [self.candidates(times)]

    def candidates(self, times: np.ndarray) -> np.ndarray:
        return self.stream(times)[: self.most]

    @property
    def clip_length(self) -> int | None:
        return self.most

    @property
    def live_grid(self) -> FrameGrid:
        return FrameGrid(self.step, self.seconds)

    def stream(self, times: np.ndarray) -> np.ndarray:
        return frame_grid(times, self.step, seconds=self.seconds)
