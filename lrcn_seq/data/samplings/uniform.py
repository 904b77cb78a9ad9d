"""A fixed number of frames spread over the video.

The jitter follows Wang et al. 2016, arXiv 1608.00859, section 3.1.
"""

from __future__ import annotations

import numpy as np

from lrcn_seq.data.samplings.base import Sampling
from lrcn_seq.records import Steps
from lrcn_seq.registry import samplings


@samplings.register
class Uniform(Sampling):
    """One frame from each of n = `frames` equal segments of the video.

    Of F frames, segment k begins at frame b(k) = ⌊k F / n⌋ and its middle frame is
    b(k) + ⌊(b(k + 1) - b(k)) / 2⌋: 2, 6, 11, 16, … for 16 of 77 frames. `SampleFrames` of mmaction2
    (one frame per clip, test mode) rounds once instead, ⌊(k + ½) F / n⌋: 2, 7, 12, 16, … The
    difference is at most one frame.

    Args:
        frames: The number of segments.
        jitter: Whether training selects a random frame of each segment instead of its middle one.
    """

    def __init__(self, frames: Steps = 16, jitter: bool = False):
        self.frames, self.jitter = frames, jitter

    def train(self, times: np.ndarray, random: np.random.Generator) -> np.ndarray:
        return self._select(len(times), random.random(self.frames) if self.jitter else 0.5)

    def test(self, times: np.ndarray) -> list[np.ndarray]:
        return [self._select(len(times), 0.5)]

    def candidates(self, times: np.ndarray) -> np.ndarray:
        return np.arange(len(times)) if self.jitter else self._select(len(times), 0.5)

    @property
    def clip_length(self) -> int:
        return self.frames

    def _select(self, count: int, position: np.ndarray | float) -> np.ndarray:
        """Return the frame at a relative position in each segment of a video of `count` frames."""
        if count <= self.frames:
            return np.arange(count)
        edges = np.arange(self.frames + 1) * count // self.frames
        return edges[:-1] + (position * np.diff(edges)).astype(int)
