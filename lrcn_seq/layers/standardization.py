"""Standardization of features by the statistics of the batches seen in training."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from lrcn_seq.layers.precision import at_least_float32
from lrcn_seq.records import Tensor

LEAST = 1e-6
"""Smallest mean squared length of centered features, so that constant features become 0."""


class Standardization(keras.layers.Layer):
    """Subtract the mean of the features, and divide by the root of their mean squared length.

    The standardized features have the mean 0 and the mean squared length 1, whatever their number
    and range, so that one learning rate and weight decay suits all encoders. Relative sizes are
    kept, which a division by the deviation of each feature would not.

    In contrast to batch normalization, training and inference use the same statistics: the mean
    over all batches so far, which becomes an exponential moving average after 1 / (1 - `momentum`)
    batches. They depend neither on the other samples of a batch nor on the batch size.

    Args:
        momentum: the share of the statistics that is kept at each batch.
        **kwargs: arguments of `keras.layers.Layer`.
    """

    def __init__(self, *, momentum: float = 0.99, **kwargs: Any):
        super().__init__(**kwargs)
        self.momentum = momentum

    def build(self, input_shape: Any) -> None:
        """Create the statistics of features (..., D)."""
        dtype = at_least_float32(self.compute_dtype)
        options: dict[str, Any] = {"trainable": False, "dtype": dtype, "autocast": False}
        self.batches = self.add_weight(name="batches", shape=(), initializer="zeros", **options)
        self.mean = self.add_weight(
            name="mean", shape=(input_shape[-1],), initializer="zeros", **options
        )
        self.square = self.add_weight(name="square", shape=(), initializer="ones", **options)

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        """Return the standardized features of x (B, D)."""
        wide = ops.cast(x, self.mean.dtype)
        if training and self.trainable:
            self._update(ops.stop_gradient(wide))
        length = ops.sqrt(ops.maximum(ops.convert_to_tensor(self.square), LEAST))
        return ops.cast((wide - ops.convert_to_tensor(self.mean)) / length, self.compute_dtype)

    def _update(self, x: Tensor) -> None:
        """Update the statistics with a batch x (B, D)."""
        batches = self.batches + 1.0
        rate = ops.maximum(1.0 / batches, 1.0 - self.momentum)
        mean = self.mean + rate * (ops.mean(x, axis=0) - self.mean)
        square = ops.mean(ops.sum((x - mean) ** 2, axis=-1))
        self.square.assign(self.square + rate * (square - self.square))
        self.mean.assign(mean)
        self.batches.assign(batches)
