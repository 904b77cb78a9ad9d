"""Four corners and the center, each also mirrored: ten views whose predictions are averaged (Krizhevsky et al. 2012, section 4.1)."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge

from lrcn_seq.data.views.base import View, crop, mirror
from lrcn_seq.records import Modality
from lrcn_seq.registry import views

PLACES = ((0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0.5))


@views.register
class TenCrop(View):
    """Ten fixed views in testing, one of them by chance in training.

    `negate_flow: false` leaves the direction of mirrored flow as it was in testing, a bug of the released LRCN
    (`classify_video.py`, where the negation is commented out).
    """

    def __init__(self, margin: Annotated[float, Ge(1)] = 1.15, negate_flow: bool = True):
        self.margin, self.negate_flow = margin, negate_flow

    def train(
        self,
        frames: np.ndarray,
        size: tuple[int, int],
        random: np.random.Generator,
        *,
        modality: Modality = "rgb",
    ) -> np.ndarray:
        place, turn = random.integers(len(PLACES)), random.random()
        window = crop(frames, size, *PLACES[place])
        return mirror(window, modality) if turn < 0.5 else window

    def test(
        self, frames: np.ndarray, size: tuple[int, int], *, modality: Modality = "rgb"
    ) -> list[np.ndarray]:
        windows = [crop(frames, size, *place) for place in PLACES]
        return windows + [
            mirror(window, modality if self.negate_flow else "rgb") for window in windows
        ]
