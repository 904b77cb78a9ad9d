"""The contract of a view."""

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
