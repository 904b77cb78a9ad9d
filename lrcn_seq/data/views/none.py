"""The view `none`: frames without augmentation."""
# ruff: noqa: ARG002 (the signatures are those of `View`)

from __future__ import annotations

import numpy as np

from lrcn_seq.data.views.base import View
from lrcn_seq.records import Modality
from lrcn_seq.registry import views


@views.register
class Whole(View):
    """Whole frames, in training and testing."""

    def train(
        self,
        frames: np.ndarray,
        size: tuple[int, int],
        random: np.random.Generator,
        *,
        modality: Modality = "rgb",
    ) -> np.ndarray:
        return frames

    def test(
        self, frames: np.ndarray, size: tuple[int, int], *, modality: Modality = "rgb"
    ) -> list[np.ndarray]:
        return [frames]
