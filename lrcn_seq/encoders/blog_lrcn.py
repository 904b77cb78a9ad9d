"""The CNN of the LRCN in Harvey's blog post "Five video classification methods" (2017)."""

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


@encoders.register
class BlogLrcn(ConvolutionalEncoder):
    """A VGG-like CNN for each frame, trained from scratch. Features are (N, 1, D).

    Conv 32 7×7 stride 2 · Conv 32 3×3 · pool · 2 × Conv 64 · pool · 2 × Conv 128 · pool ·
    2 × Conv 256 · pool · flatten · dropout. Every convolution has a ReLU; the second has He
    initialization and no padding; all later convolutions are 3×3 with padding. Pools are 2×2.
    Frames of 80×80 give D = 1024.

    Args:
        size: Height and width of the frames.
        dropout: Dropout rate of the features.
    """

    def __init__(self, *, size: Side = 80, dropout: Rate = 0.7, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size
        with built_under(self.dtype_policy):
            stem = [
                Conv2D(32, 7, strides=2, padding="same", activation="relu"),
                Conv2D(32, 3, kernel_initializer="he_normal", activation="relu"),
                MaxPooling2D(2, 2),
            ]
            blocks = [layer for filters in (64, 128, 256) for layer in _block(filters)]
            self.network = keras.Sequential(
                [keras.Input((size, size, 3)), *stem, *blocks, Flatten(), seeded_dropout(dropout)],
                name="network",
            )

    @property
    def preprocessing(self) -> Preprocessing:
        """Frames stretched to size × size and scaled to 0…1."""
        return Preprocessing(self.size, self.size, scaling="unit")

    def frame_maps(self, frames: Tensor, training: bool = False) -> Tensor:
        """Return the maps (N, h, w, C) of the last convolution for frames (N, H, W, 3)."""
        return run_layers(self.network.layers[:-3], scale(frames, "unit"), training)

    def pool_maps(self, maps: Tensor, training: bool = False) -> Tensor:
        """Return features (N, 1, D) of the maps of the last convolution."""
        return run_layers(self.network.layers[-3:], maps, training)[:, None, :]


def _block(filters: int) -> list[keras.layers.Layer]:
    """Return two 3×3 convolutions and a 2×2 pool."""
    convolutions = [Conv2D(filters, 3, padding="same", activation="relu") for _ in range(2)]
    return [*convolutions, MaxPooling2D(2, 2)]
