"""The CNN of the small LRCN: four convolutions under every frame, trained from scratch; made for 20 frames of 64×64."""

from __future__ import annotations

import keras
from keras.layers import Conv2D, Flatten, MaxPooling2D

from lrcn_seq.encoders.base import Encoder
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.precision import built_under
from lrcn_seq.layers.scaling import scale
from lrcn_seq.records import Positive, Preprocessing, Rate
from lrcn_seq.registry import encoders

BLOCKS = ((16, 4), (32, 4), (64, 2), (64, 2))
"""Filters of a 3×3 convolution, and the pool after it."""


@encoders.register
class SmallLrcn(Encoder):
    """Conv 16 · pool 4 · Conv 32 · pool 4 · Conv 64 · pool 2 · Conv 64 · pool 2 · flatten, with dropout between the blocks.

    Convolutions are 3×3 same with ReLU. Features (N, 1, D), D = 64 at 64×64.
    """

    def __init__(self, *, size: Positive = 64, dropout: Rate = 0.25, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        with built_under(self.dtype_policy):
            stack = []
            for filters, pool in BLOCKS:
                stack += [
                    Conv2D(filters, 3, padding="same", activation="relu"),
                    MaxPooling2D(pool),
                    seeded_dropout(dropout, rank=4),
                ]
            self.network = keras.Sequential(
                [keras.Input((size, size, 3)), *stack[:-1], Flatten()], name="network"
            )

    @property
    def preprocessing(self) -> Preprocessing:
        """Stretched to size × size, scaled to 0…1."""
        return Preprocessing(self.size, self.size, scaling="unit")

    def encode_frames(self, frames, training: bool = False):
        """Pixels (N, H, W, 3) to features (N, 1, D)."""
        return self.network(scale(frames, "unit"), training=training)[:, None, :]
