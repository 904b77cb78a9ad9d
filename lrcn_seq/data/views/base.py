"""The interface of a view, and the transformations that views share."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from PIL import Image

from lrcn_seq.records import Modality

# The pixel value of the negated motion for each pixel value: 128 + 16 x becomes 128 − 16 x.
NEGATED = np.minimum(256 - np.arange(256), 255).astype(np.uint8)


class View(ABC):
    """A spatial augmentation of the frames (T, H, W, 3) of a clip, the same for all frames.

    Attributes:
        margin: Frames are read at this multiple of the encoder's input size.
    """

    margin: float = 1.0

    @abstractmethod
    def train(
        self,
        frames: np.ndarray,
        size: tuple[int, int],
        random: np.random.Generator,
        *,
        modality: Modality = "rgb",
    ) -> np.ndarray:
        """Return one random view for training.

        Args:
            frames: The frames (T, H, W, 3) uint8, read at `margin` times `size`.
            size: The (height, width) of the view.
            random: The random generator.
            modality: The content of the frames. In `flow` images, mirroring negates the horizontal
                motion and enlarging increases the motion.

        Returns:
            The view (T, height, width, 3) uint8.
        """

    @abstractmethod
    def test(
        self, frames: np.ndarray, size: tuple[int, int], *, modality: Modality = "rgb"
    ) -> list[np.ndarray]:
        """Return the fixed views whose predictions are averaged in testing.

        The arguments are those of `train` without the random generator.
        """

    @property
    def test_view_count(self) -> int:
        """The number of views that `test` returns."""
        return len(self.test(np.zeros((1, 64, 64, 3), np.uint8), (32, 32)))


def crop(frames: np.ndarray, size: tuple[int, int], down: float, right: float) -> np.ndarray:
    """Crop a window from frames (T, H, W, 3).

    Args:
        frames: The frames.
        size: The (height, width) of the window.
        down: The vertical position, from 0 (top) to 1 (bottom).
        right: The horizontal position, from 0 (left) to 1 (right).

    Returns:
        The window (T, height, width, 3).
    """
    top = round(down * (frames.shape[1] - size[0]))
    left = round(right * (frames.shape[2] - size[1]))
    return frames[:, top : top + size[0], left : left + size[1]]


def mirror(frames: np.ndarray, modality: Modality = "rgb") -> np.ndarray:
    """Flip frames horizontally; in flow, also negate the horizontal motion (channel 0)."""
    flipped = frames[:, :, ::-1]
    if modality == "rgb":
        return flipped
    return np.concatenate([NEGATED[flipped[..., :1]], flipped[..., 1:]], axis=-1)


def resize(frames: np.ndarray, size: tuple[int, int], modality: Modality = "rgb") -> np.ndarray:
    """Resize frames (T, H, W, 3) to (height, width); in flow, also scale the motion."""
    resized = np.stack(
        [
            np.asarray(Image.fromarray(frame).resize(size[::-1], Image.Resampling.BILINEAR))
            for frame in np.ascontiguousarray(frames)
        ]
    )
    if modality == "rgb":
        return resized
    down, right = (new / old for new, old in zip(size, frames.shape[1:3], strict=True))
    factors = np.array([right, down, (down * right) ** 0.5], np.float32)
    return np.clip(np.rint((resized - np.float32(128)) * factors + 128), 0, 255).astype(np.uint8)
