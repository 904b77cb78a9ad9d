"""A random crop, mirrored half of the time; the center in testing (Krizhevsky et al. 2012, section 4.1)."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge, MinLen

from lrcn_seq.data.views.base import View, crop, mirror, resized
from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Modality, PositiveNumber
from lrcn_seq.registry import views


@views.register
class CropMirror(View):
    """Crops from frames read `margin` times larger. Switch `flip` off where left and right matter (text, relations).

    `scales`: sides of the window as shares of the encoder's size, one by chance for each clip, brought to that size
    (scale jitter, Wang et al. 2016, arXiv 1608.00859, section 3.2: margin 1.143, scales 1.143, 1, 0.875, 0.75). No scale exceeds `margin`.
    `crop_only_mirrored`: clips that are not mirrored are squeezed whole to the size, a bug of the released LRCN
    (`sequence_input_layer.py`, where the crop stands under `if im_flip`).
    """

    def __init__(
        self,
        margin: Annotated[float, Ge(1)] = 1.15,
        flip: bool = True,
        *,
        scales: Annotated[list[PositiveNumber], MinLen(1)] | None = None,
        crop_only_mirrored: bool = False,
    ):
        if scales and max(scales) > margin:
            raise ArgumentError(
                f"scales: expected shares of at most margin={margin}, for frames are read no larger. Received: scales={scales}; lower them or raise margin."
            )
        self.margin, self.flip, self.scales, self.crop_only_mirrored = (
            margin,
            flip,
            scales,
            crop_only_mirrored,
        )

    def train(
        self,
        frames: np.ndarray,
        size: tuple[int, int],
        random: np.random.Generator,
        *,
        modality: Modality = "rgb",
    ) -> np.ndarray:
        down, right, turn = random.random(3)
        turned = self.flip and turn < 0.5
        if self.crop_only_mirrored and not turned:
            return resized(
                frames, size
            )  # as the released code does, the motion in a squeezed picture of flow stays what it was
        window = crop(
            frames, size if self.scales is None else self._window(frames, size, random), down, right
        )
        window = mirror(window, modality) if turned else window
        return window if window.shape[1:3] == size else resized(window, size, modality)

    def test(
        self, frames: np.ndarray, size: tuple[int, int], *, modality: Modality = "rgb"
    ) -> list[np.ndarray]:  # noqa: ARG002
        return [crop(frames, size, 0.5, 0.5)]

    def _window(
        self, frames: np.ndarray, size: tuple[int, int], random: np.random.Generator
    ) -> tuple[int, int]:
        """Height and width of the window, by a scale drawn after everything else."""
        scale = self.scales[random.integers(len(self.scales))]
        return max(1, min(round(scale * size[0]), frames.shape[1])), max(
            1, min(round(scale * size[1]), frames.shape[2])
        )
