"""A clip from a random position in training, the middle clip in testing."""

from __future__ import annotations

import numpy as np

from lrcn_seq.data.samplings.base import (
    TOLERANCE,
    FrameGrid,
    Sampling,
    frame_grid,
    random_window,
    shown_frames,
)
from lrcn_seq.records import Positive, PositiveNumber, Steps
from lrcn_seq.registry import samplings


@samplings.register
class RandomClip(Sampling):
    """One clip of equally spaced frames.

    In training, the start is random among those from which the whole clip fits. A video that is
    too short gives a shorter clip.

    Args:
        length: The number of frames.
        step: The distance between frames, in frames.
        seconds: The distance between frames in seconds, in place of `step`.
    """

    def __init__(
        self, length: Steps = 16, step: Positive = 1, *, seconds: PositiveNumber | None = None
    ):
        self.length, self.step, self.seconds = length, step, seconds

    def train(self, times: np.ndarray, random: np.random.Generator) -> np.ndarray:
        phase = random.random()
        clip = self._whole_clip(times, phase, random)
        if len(clip) == self.length:
            return clip
        # No whole clip fits, or some frames are shown for longer than `seconds`.
        grids = [
            frame_grid(times, self.step, seconds=self.seconds, phase=phase),
            self.stream(times),
        ]
        longest = max(grids, key=lambda grid: min(len(grid), self.length))
        return random_window(longest, self.length, random)

    def _whole_clip(
        self, times: np.ndarray, fraction: float, random: np.random.Generator
    ) -> np.ndarray:
        """Return a clip from a random start among those from which `length` frames fit.

        Fewer frames are returned if no whole clip fits.
        """
        steps = np.arange(self.length)
        if self.seconds is None:
            starts = len(times) - (self.length - 1) * self.step
            return random.integers(starts) + steps * self.step if starts > 0 else steps[:0]
        latest = times[-1] - (self.length - 1) * self.seconds
        if latest < -TOLERANCE:
            return steps[:0]
        return shown_frames(times, max(latest, 0.0) * fraction + steps * self.seconds)

    def test(self, times: np.ndarray) -> list[np.ndarray]:
        indices = self.stream(times)
        start = max(len(indices) - self.length, 0) // 2
        return [indices[start : start + self.length]]

    def candidates(self, times: np.ndarray) -> np.ndarray:
        return np.arange(len(times))

    @property
    def clip_length(self) -> int:
        return self.length

    @property
    def live_grid(self) -> FrameGrid:
        return FrameGrid(self.step, self.seconds)

    def stream(self, times: np.ndarray) -> np.ndarray:
        return frame_grid(times, self.step, seconds=self.seconds)
