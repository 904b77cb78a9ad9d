"""The CNN of a small LRCN for 20 frames of 64×64 pixels, trained from scratch."""

from __future__ import annotations

from typing import Any

import keras
from keras.layers import Conv2D, Flatten, MaxPooling2D

from lrcn_seq.encoders.base import ConvolutionalEncoder, run_layers
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.precision import built_under
from lrcn_seq.layers.scaling import scale
from lrcn_seq.records import Preprocessing, Rate, Side, Tensor
from lrcn_seq.registry import encoders

BLOCKS = ((16, 4), (32, 4), (64, 2), (64, 2))
"""The filters of the convolution and the size of the pool, for each block."""


@encoders.register
class SmallLrcn(ConvolutionalEncoder):
    """Four convolution blocks for each frame. Features are (N, 1, D), D = 64 at 64×64.

    Conv 16 · pool 4 · Conv 32 · pool 4 · Conv 64 · pool 2 · Conv 64 · pool 2 · flatten, with
    dropout between the blocks. Convolutions are 3×3 with padding and ReLU.

    Args:
        size: Height and width of the frames.
        dropout: Dropout rate after each block except the last.
    """

    def __init__(self, *, size: Side = 64, dropout: Rate = 0.25, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size
        with built_under(self.dtype_policy):
            stack: list[keras.layers.Layer] = []
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
        """Frames stretched to size × size and scaled to 0…1."""
        return Preprocessing(self.size, self.size, scaling="unit")

    def frame_maps(self, frames: Tensor, training: bool = False) -> Tensor:
        """Return the maps (N, h, w, C) of the last convolution for frames (N, H, W, 3)."""
        return run_layers(self.network.layers[:-2], scale(frames, "unit"), training)

    def pool_maps(self, maps: Tensor, training: bool = False) -> Tensor:
        """Return features (N, 1, D) of the maps of the last convolution."""
        return run_layers(self.network.layers[-2:], maps, training)[:, None, :]
