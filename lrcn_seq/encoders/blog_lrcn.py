"""The CNN of the blog's LRCN in Keras: VGG-like blocks under every frame, trained from scratch (Harvey 2017, "Five video classification methods")."""

from __future__ import annotations

import keras
from keras.layers import Conv2D, Flatten, MaxPooling2D

from lrcn_seq.encoders.base import Encoder
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.precision import built_under
from lrcn_seq.layers.scaling import scale
from lrcn_seq.records import Positive, Preprocessing, Rate
from lrcn_seq.registry import encoders


@encoders.register
class BlogLrcn(Encoder):
    """Conv 32 7×7 stride 2 · Conv 32 3×3 valid, he_normal · pool · 64 ×2 · pool · 128 ×2 · pool · 256 ×2 · pool · flatten · dropout.

    All convolutions have ReLU, those after the second are 3×3 same; pools are 2×2. Features (N, 1, D), D = 1024 at 80×80.
    """

    def __init__(self, *, size: Positive = 80, dropout: Rate = 0.7, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        with built_under(self.dtype_policy):
            stem = [
                Conv2D(32, 7, strides=2, padding="same", activation="relu"),
                Conv2D(32, 3, kernel_initializer="he_normal", activation="relu"),
                MaxPooling2D(2, 2),
            ]
            blocks = [
                layer
                for filters in (64, 128, 256)
                for layer in (
                    *(Conv2D(filters, 3, padding="same", activation="relu") for _ in range(2)),
                    MaxPooling2D(2, 2),
                )
            ]
            self.network = keras.Sequential(
                [keras.Input((size, size, 3)), *stem, *blocks, Flatten(), seeded_dropout(dropout)],
                name="network",
            )

    @property
    def preprocessing(self) -> Preprocessing:
        """Stretched to size × size, scaled to 0…1."""
        return Preprocessing(self.size, self.size, scaling="unit")

    def encode_frames(self, frames, training: bool = False):
        """Pixels (N, H, W, 3) to features (N, 1, D)."""
        return self.network(scale(frames, "unit"), training=training)[:, None, :]
