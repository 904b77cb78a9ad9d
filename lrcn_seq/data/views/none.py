"""The whole frame, always the same."""

from __future__ import annotations

import numpy as np

from lrcn_seq.data.views.base import View
from lrcn_seq.records import Modality
from lrcn_seq.registry import views


@views.register
class Whole(View):
    """Frames as they are."""

    def train(
        self,
        frames: np.ndarray,
        size: tuple[int, int],
        random: np.random.Generator,
        *,
        modality: Modality = "rgb",
    ) -> np.ndarray:  # noqa: ARG002
        return frames

    def test(
        self, frames: np.ndarray, size: tuple[int, int], *, modality: Modality = "rgb"
    ) -> list[np.ndarray]:  # noqa: ARG002
        return [frames]
