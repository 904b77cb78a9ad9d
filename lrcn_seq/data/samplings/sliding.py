"""Overlapping clips that cover the video (Donahue et al. 2015, section 4: 16 frames, stride 8)."""

from __future__ import annotations

import numpy as np

from lrcn_seq.data.samplings.base import FrameGrid, Sampling, frame_grid, random_window
from lrcn_seq.records import Positive, PositiveNumber, Steps
from lrcn_seq.registry import samplings


@samplings.register
class Sliding(Sampling):
    """Overlapping clips in testing, a random clip of the same length in training.

    Args:
        length: The number of frames of a clip.
        stride: The distance between the starts of clips, in sampled frames. The last clip ends
            with the video, at a shorter distance if necessary.
        step: The distance between sampled frames, in frames.
        seconds: The distance between sampled frames in seconds, in place of `step`.
        last_twice: Whether clips start at every stride up to the end of the video. A clip that
            would exceed the video is then replaced by the last clip, so that the last clip counts
            about `length` / `stride` times. This reproduces a bug of the released LRCN
            (`classify_video.py`).
    """

    def __init__(
        self,
        length: Steps = 16,
        stride: Positive = 8,
        *,
        step: Positive = 1,
        seconds: PositiveNumber | None = None,
        last_twice: bool = False,
    ):
        self.length, self.stride, self.last_twice = length, stride, last_twice
        self.step, self.seconds = step, seconds

    def train(self, times: np.ndarray, random: np.random.Generator) -> np.ndarray:
        return random_window(self.candidates(times), self.length, random)

    def test(self, times: np.ndarray) -> list[np.ndarray]:
        indices = self.candidates(times)
        last = max(len(indices) - self.length, 0)
        starts = (
            range(0, len(indices), self.stride)
            if self.last_twice
            else (*range(0, last, self.stride), last)
        )
        return [indices[min(start, last) :][: self.length] for start in starts]

    def candidates(self, times: np.ndarray) -> np.ndarray:
        return frame_grid(times, self.step, seconds=self.seconds)

    @property
    def clip_length(self) -> int:
        return self.length

    @property
    def live_grid(self) -> FrameGrid | None:
        # With gaps between clips, the selected frames depend on the start of the last clip.
        return FrameGrid(self.step, self.seconds) if self.stride <= self.length else None
