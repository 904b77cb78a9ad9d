"""Random crops in training, mirrored half of the time; the center crop in testing.

Krizhevsky et al. 2012, section 4.1.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge, Le, MinLen

from lrcn_seq.data.views.base import View, crop, mirror, resize
from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Modality, PositiveNumber
from lrcn_seq.registry import views


@views.register
class CropMirror(View):
    """A random crop that is mirrored with probability 0.5.

    Args:
        margin: Frames are read at this multiple of the encoder's input size.
        flip: Whether to mirror. Use False if left and right have a meaning (text, relations).
        scales: The sides of the window relative to the encoder's input size, at most `margin`. One
            scale is drawn per clip, and the window is resized to the input size (scale jitter,
            Wang et al. 2016, arXiv 1608.00859, section 3.2: margin 1.143 and scales 1.143, 1,
            0.875, 0.75). None uses windows of the input size.
        crop_only_mirrored: Whether clips that are not mirrored are resized to the input size
            without a crop, which reproduces a bug of the released LRCN
            (`sequence_input_layer.py`, where the crop depends on `im_flip`).

    Raises:
        ArgumentError: If a scale exceeds `margin`.
    """

    def __init__(
        self,
        margin: Annotated[float, Ge(1), Le(4)] = 1.15,
        flip: bool = True,
        *,
        scales: Annotated[list[PositiveNumber], MinLen(1)] | None = None,
        crop_only_mirrored: bool = False,
    ):
        if scales and max(scales) > margin:
            raise ArgumentError(
                f"scales: expected values of at most margin={margin}, the size at which frames "
                f"are read. Received: scales={scales}; lower them or raise margin."
            )
        self.margin, self.flip, self.scales = margin, flip, scales
        self.crop_only_mirrored = crop_only_mirrored

    def train(
        self,
        frames: np.ndarray,
        size: tuple[int, int],
        random: np.random.Generator,
        *,
        modality: Modality = "rgb",
    ) -> np.ndarray:
        down, right, draw = random.random(3)
        mirrored = self.flip and draw < 0.5
        if self.crop_only_mirrored and not mirrored:
            # The released code does not scale the motion of resized flow.
            return resize(frames, size)
        window = crop(frames, self._window_size(frames, size, random), down, right)
        if mirrored:
            window = mirror(window, modality)
        return window if window.shape[1:3] == size else resize(window, size, modality)

    def test(
        self,
        frames: np.ndarray,
        size: tuple[int, int],
        *,
        modality: Modality = "rgb",  # noqa: ARG002
    ) -> list[np.ndarray]:
        return [crop(frames, size, 0.5, 0.5)]

    def _window_size(
        self, frames: np.ndarray, size: tuple[int, int], random: np.random.Generator
    ) -> tuple[int, int]:
        """Return the (height, width) of the window, at a random scale if scales are given."""
        if self.scales is None:
            return size
        scale = self.scales[random.integers(len(self.scales))]
        height, width = (
            max(1, min(round(scale * side), limit))
            for side, limit in zip(size, frames.shape[1:3], strict=True)
        )
        return height, width
