"""A baseline without recurrence: a perceptron over the steps of a clip (Harvey 2017, method 5)."""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Ge, Le
from keras import ops
from keras.layers import Dense

from lrcn_seq.decoders.base import FrameDecoder, Shape
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.masked_steps import real_steps_first
from lrcn_seq.layers.precision import at_least_float32, built_under
from lrcn_seq.records import Encoded, Positive, Rate, Steps, Tensor
from lrcn_seq.registry import decoders


@decoders.register
class Mlp(FrameDecoder):
    """ReLU layers over the concatenated features of the first real steps, then a classifier.

    The input has width steps · R · D and is padded with zeros if a clip has fewer steps.

    Args:
        classes: Number of classes C.
        steps: Number of concatenated steps; later steps are ignored.
        units: Width of the ReLU layers.
        layers: Number of ReLU layers.
        dropout: Dropout rate after each ReLU layer.
    """

    def __init__(
        self,
        classes: Positive,
        *,
        steps: Steps = 40,
        units: Positive = 512,
        layers: Annotated[int, Ge(0), Le(64)] = 2,
        dropout: Rate = 0.5,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.steps = steps
        with built_under(self.dtype_policy):
            self.drop = [seeded_dropout(dropout) for _ in range(layers)]
            self.dense = [
                Dense(units, activation="relu", name=f"dense_{number}") for number in range(layers)
            ]
            self.labels = Dense(classes, name="labels")

    def build(self, encoded_shape: tuple[Shape, Shape]) -> None:
        """Build the weights for features (B, S, R, D)."""
        _, _, regions, features = encoded_shape[0]
        width = self.steps * regions * features
        for layer in (*self.dense, self.labels):
            layer.build((None, width))
            width = layer.units

    def call(self, encoded: Encoded, training: bool = False) -> tuple[Tensor, Tensor]:
        """Return logits (B, 1, C) and mask (B, 1)."""
        features, mask = encoded
        features = ops.where(mask[:, :, None, None], features, ops.zeros_like(features))
        features = real_steps_first(features, mask)
        features = ops.pad(features, ((0, 0), (0, self.steps), (0, 0), (0, 0)))[:, : self.steps]
        x = ops.reshape(features, (-1, self.steps * features.shape[2] * features.shape[3]))
        for layer, drop in zip(self.dense, self.drop, strict=True):
            x = drop(layer(x), training=training)
        logits = ops.cast(self.labels(x), at_least_float32(self.compute_dtype))
        return logits[:, None], ops.any(mask, axis=1, keepdims=True)
