"""The contract of a view, and the two moves that views are made of."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from PIL import Image

from lrcn_seq.records import Modality

# The code 128 + 16 x of a motion x to the right becomes that of −x.
NEGATED = np.minimum(256 - np.arange(256), 255).astype(np.uint8)


class View(ABC):
    """Ways to look at the frames (T, H, W, 3) of one clip; one choice for all frames of a clip.

    `margin` is how much larger than the encoder's size frames must be read, as a factor (1 = equal).
    `modality` says what frames show: in pictures of flow, mirroring turns motion round and enlarging makes it longer.
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
        """One random view (T, height, width, 3) for training."""

    @abstractmethod
    def test(
        self, frames: np.ndarray, size: tuple[int, int], *, modality: Modality = "rgb"
    ) -> list[np.ndarray]:
        """The fixed views whose predictions are averaged in testing."""

    @property
    def in_testing(self) -> int:
        """How many views `test` gives."""
        return len(self.test(np.zeros((1, 64, 64, 3), np.uint8), (32, 32)))

    @property
    def identity(self) -> str:
        """What decides the test views; part of a feature store's key."""
        arguments = ",".join(f"{name}={value}" for name, value in sorted(vars(self).items()))
        return f"{type(self).__module__.rpartition('.')[2]}({arguments})"


def crop(frames: np.ndarray, size: tuple[int, int], down: float, right: float) -> np.ndarray:
    """A window of this size out of (T, H, W, 3); `down` and `right` from 0 (top, left) to 1 (bottom, right)."""
    top, left = (
        round(down * (frames.shape[1] - size[0])),
        round(right * (frames.shape[2] - size[1])),
    )
    return frames[:, top : top + size[0], left : left + size[1]]


def mirror(frames: np.ndarray, modality: Modality = "rgb") -> np.ndarray:
    """Left and right exchanged; of flow, the motion to the right (channel 0) is negated too."""
    turned = frames[:, :, ::-1]
    if modality == "rgb":
        return turned
    return np.concatenate([NEGATED[turned[..., :1]], turned[..., 1:]], axis=-1)


def resized(frames: np.ndarray, size: tuple[int, int], modality: Modality = "rgb") -> np.ndarray:
    """Frames (T, H, W, 3) at another size (height, width); of flow, motion grows as the picture does."""
    larger = np.stack(
        [
            np.asarray(Image.fromarray(frame).resize(size[::-1], Image.Resampling.BILINEAR))
            for frame in np.ascontiguousarray(frames)
        ]
    )
    if modality == "rgb":
        return larger
    down, right = (new / old for new, old in zip(size, frames.shape[1:3], strict=True))
    factors = np.array([right, down, (down * right) ** 0.5], np.float32)
    return np.clip(np.rint((larger - np.float32(128)) * factors + 128), 0, 255).astype(np.uint8)
