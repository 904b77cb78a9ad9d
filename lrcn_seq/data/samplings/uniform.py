"""A number of frames spread over the whole video (Wang et al. 2016, arXiv 1608.00859, section 3.1, for the jitter)."""

from __future__ import annotations

import numpy as np

from lrcn_seq.data.samplings.base import Sampling
from lrcn_seq.records import Positive
from lrcn_seq.registry import samplings


@samplings.register
class Uniform(Sampling):
    """The middle frame of each of `frames` equal parts; with `jitter`, training takes any frame of each part."""

    def __init__(self, frames: Positive = 16, jitter: bool = False):
        self.frames, self.jitter = frames, jitter

    def train(self, times: np.ndarray, random: np.random.Generator) -> np.ndarray:
        return self._chosen(len(times), random.random(self.frames) if self.jitter else 0.5)

    def test(self, times: np.ndarray) -> list[np.ndarray]:
        return [self._chosen(len(times), 0.5)]

    def candidates(self, times: np.ndarray) -> np.ndarray:
        return np.arange(len(times)) if self.jitter else self._chosen(len(times), 0.5)

    def _chosen(self, count: int, place: np.ndarray | float) -> np.ndarray:
        if count <= self.frames:
            return np.arange(count)
        edges = np.arange(self.frames + 1) * count // self.frames
        return edges[:-1] + (place * np.diff(edges)).astype(int)
