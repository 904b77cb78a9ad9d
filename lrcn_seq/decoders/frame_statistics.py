"""A linear classifier of statistics over the frames of a clip.

For the features x_t of one region of a clip with T real steps:

    mean        m = Σ_t x_t / T
    deviation   s = sqrt(Σ_t (x_t - m)² / T)
    difference  d = Σ_t |x_{t+1} - x_t| / (T - 1)

The order of frames is lost, but not the motion. With a hundred clips, such a classifier has far
fewer weights than an LSTM has and is therefore the stronger one. Concatenation of mean and
deviation is the statistics pooling of Snyder et al. 2017 (Interspeech, section 3.1).
"""

from __future__ import annotations

from typing import Any, Literal

from keras import ops
from keras.layers import Dense

from lrcn_seq.decoders.base import FrameDecoder, Shape, State
from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.masked_steps import real_steps_first
from lrcn_seq.layers.precision import at_least_float32, built_under
from lrcn_seq.layers.standardization import Standardization
from lrcn_seq.records import Encoded, NotNegative, Positive, Rate, Tensor
from lrcn_seq.registry import decoders

Statistic = Literal["mean", "deviation", "difference"]
STATISTICS: tuple[Statistic, ...] = ("mean", "deviation", "difference")
LEAST = 1e-12
"""Smallest variance under a square root, whose gradient would be infinite at 0."""


@decoders.register
class FrameStatistics(FrameDecoder):
    """A classifier of the mean, deviation and mean absolute difference of consecutive frames.

    The regions of the encoder are kept apart, since an action is in a part of the frame; the input
    of the classifier has width R · D for each statistic.

    Args:
        classes: Number of classes C.
        statistics: The statistics to classify; None for all three.
        standardize: Whether each statistic is centered and scaled to a mean squared length of 1
            over the training clips. Learning rate and weight decay then suit any encoder.
        dense: Width of a ReLU layer before the classifier; 0 for none.
        dropout: Dropout rate of the input of the classifier.

    Raises:
        ArgumentError: No statistic is given, or one is given twice.
    """

    def __init__(
        self,
        classes: Positive,
        *,
        statistics: list[Statistic] | None = None,
        standardize: bool = True,
        dense: NotNegative = 0,
        dropout: Rate = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.statistics = list(STATISTICS if statistics is None else statistics)
        if not self.statistics or len(set(self.statistics)) < len(self.statistics):
            raise ArgumentError(
                f"statistics: expected one or several of {', '.join(STATISTICS)}, each once. "
                f"Received: statistics={statistics!r}."
            )
        with built_under(self.dtype_policy):
            names = self.statistics if standardize else ()
            self.scales = [Standardization(name=f"standardize_{name}") for name in names]
            self.drop = seeded_dropout(dropout)
            self.dense = Dense(dense, activation="relu", name="dense") if dense else None
            self.labels = Dense(classes, name="labels")

    @property
    def causal(self) -> bool:
        """True: the statistics of the steps so far need no later step."""
        return True

    def build(self, encoded_shape: tuple[Shape, Shape]) -> None:
        """Build the weights for features (B, S, R, D)."""
        self.shape = tuple(encoded_shape[0][2:])
        size = self.shape[0] * self.shape[1]
        for layer in self.scales:
            layer.build((None, size))
        width = size * len(self.statistics)
        if self.dense is not None:
            self.dense.build((None, width))
            width = self.dense.units
        self.labels.build((None, width))

    def call(self, encoded: Encoded, training: bool = False) -> tuple[Tensor, Tensor]:
        """Return logits (B, 1, C) and mask (B, 1)."""
        features, mask = encoded
        x = ops.cast(real_steps_first(features, mask), at_least_float32(self.compute_dtype))
        real = real_steps_first(mask[:, :, None, None], mask)
        count = ops.sum(ops.cast(real, x.dtype), axis=1)
        mean = masked_sum(x, real) / ops.maximum(count, 1.0)
        squares = masked_sum((x - mean[:, None]) ** 2, real)
        changes = masked_sum(ops.abs(x[:, 1:] - x[:, :-1]), real[:, 1:])
        logits = self._classify((count, mean, squares, changes), training)
        return logits[:, None], ops.any(mask, axis=1, keepdims=True)

    def initial_state(self, batch: int) -> State:
        """Return a zero count (B, 1, 1), and zeros (B, R, D) for the features and their sums."""
        wide = at_least_float32(self.compute_dtype)
        count = ops.zeros((batch, 1, 1), wide)
        return count, *(ops.zeros((batch, *self.shape), wide) for _ in range(4))

    def step(self, features: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, C) and the next state after the features (B, R, D) of a step.

        Mean and sum of squares are updated as in Welford 1962.
        """
        count, before, mean, squares, changes = state
        x = ops.cast(features, before.dtype)
        changes = changes + ops.where(count > 0, ops.abs(x - before), ops.zeros_like(x))
        count = count + 1.0
        next_mean = mean + (x - mean) / count
        squares = squares + (x - mean) * (x - next_mean)
        logits = self._classify((count, next_mean, squares, changes), False)
        return logits, (count, x, next_mean, squares, changes)

    def _classify(self, sums: tuple[Tensor, Tensor, Tensor, Tensor], training: bool) -> Tensor:
        """Return logits (B, C).

        Args:
            sums: The number of steps (B, 1, 1), and (B, R, D) the mean, the sum of squared
                distances from the mean, and the sum of absolute differences.
            training: Whether dropout is active and the scales are updated.
        """
        count, mean, squares, changes = sums
        values = {
            "mean": mean,
            "deviation": ops.sqrt(ops.maximum(squares / ops.maximum(count, 1.0), LEAST)),
            "difference": changes / ops.maximum(count - 1.0, 1.0),
        }
        width = self.shape[0] * self.shape[1]
        x = [ops.reshape(values[name], (-1, width)) for name in self.statistics]
        if self.scales:
            x = [scale(y, training=training) for scale, y in zip(self.scales, x, strict=True)]
        x = ops.cast(ops.concatenate(x, axis=-1), self.compute_dtype)
        x = self.drop(x, training=training)
        if self.dense is not None:
            x = self.dense(x)
        return ops.cast(self.labels(x), at_least_float32(self.compute_dtype))


def masked_sum(x: Tensor, real: Tensor) -> Tensor:
    """Return the sum (B, R, D) over the real steps of x (B, S, R, D)."""
    return ops.sum(ops.where(real, x, ops.zeros_like(x)), axis=1)
