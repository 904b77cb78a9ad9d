"""The contract of a view, and the two moves that views are made of."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np


class View(ABC):
    """Ways to look at the frames (T, H, W, 3) of one clip; one choice for all frames of a clip.

    `margin` is how much larger than the encoder's size frames must be read, as a factor (1 = equal).
    """

    margin: float = 1.0

    @abstractmethod
    def train(self, frames: np.ndarray, size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
        """One random view (T, height, width, 3) for training."""

    @abstractmethod
    def test(self, frames: np.ndarray, size: tuple[int, int]) -> list[np.ndarray]:
        """The fixed views whose predictions are averaged in testing."""

    @property
    def identity(self) -> str:
        """What decides the test views; part of a feature store's key."""
        arguments = ",".join(f"{name}={value}" for name, value in sorted(vars(self).items()))
        return f"{type(self).__module__.rpartition('.')[2]}({arguments})"


def crop(frames: np.ndarray, size: tuple[int, int], down: float, right: float) -> np.ndarray:
    """A window of this size out of (T, H, W, 3); `down` and `right` from 0 (top, left) to 1 (bottom, right)."""
    top, left = round(down * (frames.shape[1] - size[0])), round(right * (frames.shape[2] - size[1]))
    return frames[:, top : top + size[0], left : left + size[1]]


def mirror(frames: np.ndarray) -> np.ndarray:
    """Left and right exchanged."""
    return frames[:, :, ::-1]
