"""Ten-crop testing: crops of the four corners and the center, each plain and mirrored.

Krizhevsky et al. 2012, section 4.1.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from lrcn_seq.data.views.base import View, crop, mirror
from lrcn_seq.records import Modality
from lrcn_seq.registry import views

# The (down, right) positions of the corners and the center.
POSITIONS = ((0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0.5))


@views.register
class TenCrop(View):
    """Ten fixed crops in testing, a random one of them in training.

    Args:
        margin: Frames are read at this multiple of the encoder's input size.
        negate_flow: Whether testing negates the horizontal motion of mirrored flow. False
            reproduces a bug of the released LRCN (`classify_video.py`, where the negation is
            commented out).
    """

    def __init__(self, margin: Annotated[float, Ge(1), Le(4)] = 1.15, negate_flow: bool = True):
        self.margin, self.negate_flow = margin, negate_flow

    def train(
        self,
        frames: np.ndarray,
        size: tuple[int, int],
        random: np.random.Generator,
        *,
        modality: Modality = "rgb",
    ) -> np.ndarray:
        position = POSITIONS[random.integers(len(POSITIONS))]
        window = crop(frames, size, *position)
        return mirror(window, modality) if random.random() < 0.5 else window

    def test(
        self, frames: np.ndarray, size: tuple[int, int], *, modality: Modality = "rgb"
    ) -> list[np.ndarray]:
        windows = [crop(frames, size, *position) for position in POSITIONS]
        mirrored_as = modality if self.negate_flow else "rgb"
        return windows + [mirror(window, mirrored_as) for window in windows]
