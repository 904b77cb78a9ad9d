"""A random crop, mirrored half of the time; the center in testing (Krizhevsky et al. 2012, section 4.1)."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge

from lrcn_seq.data.views.base import View, crop, mirror
from lrcn_seq.registry import views


@views.register
class CropMirror(View):
    """Crops from frames read `margin` times larger. Switch `flip` off where left and right matter (text, relations)."""

    def __init__(self, margin: Annotated[float, Ge(1)] = 1.15, flip: bool = True):
        self.margin, self.flip = margin, flip

    def train(self, frames: np.ndarray, size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
        down, right, turn = random.random(3)
        window = crop(frames, size, down, right)
        return mirror(window) if self.flip and turn < 0.5 else window

    def test(self, frames: np.ndarray, size: tuple[int, int]) -> list[np.ndarray]:
        return [crop(frames, size, 0.5, 0.5)]
