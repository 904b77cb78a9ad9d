"""The baseline that knows no order: every frame by itself, or the mean of all (the single-frame network of Donahue et al. 2015, section 4.1)."""

from __future__ import annotations

from typing import Literal

from keras import ops
from keras.layers import Dense

from lrcn_seq.decoders.base import FrameDecoder
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.pooling import masked_mean
from lrcn_seq.layers.precision import at_least_float32, built_under
from lrcn_seq.records import Encoded, NotNegative, Positive, Rate
from lrcn_seq.registry import decoders


@decoders.register
class FrameMean(FrameDecoder):
    """A classifier over features.

    `pool`: `predictions`, logits at every step, of that step alone (a clip's label is then their mean); `features`, once, of the mean feature.
    `dense`: width of a ReLU layer before the classifier; 0 for none. `dropout` falls on what enters the classifier.
    """

    def __init__(
        self,
        classes: Positive,
        *,
        pool: Literal["predictions", "features"] = "predictions",
        dense: NotNegative = 0,
        dropout: Rate = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.by_step = pool == "predictions"
        with built_under(self.dtype_policy):
            self.drop = seeded_dropout(dropout)
            self.dense = Dense(dense, activation="relu", name="dense") if dense else None
            self.labels = Dense(classes, name="labels")

    @property
    def causal(self) -> bool:
        """Frames can be streamed: the mean runs."""
        return True

    @property
    def every_step(self) -> bool:
        """Whether there is an answer at every step."""
        return self.by_step

    def build(self, encoded_shape):
        """Weights for features (B, S, R, D)."""
        width = encoded_shape[0][-1]
        if self.dense is not None:
            self.dense.build((None, width))
            width = self.dense.units
        self.labels.build((None, width))

    def call(self, encoded: Encoded, training: bool = False):
        """(logits (B, S, C), mask (B, S)), or (B, 1, C) and (B, 1) of the mean feature."""
        if not self.by_step:
            return self._classify(masked_mean(encoded), training)[:, None], ops.any(
                encoded.mask, axis=1, keepdims=True
            )
        features = ops.mean(encoded.features, axis=2)
        batch, steps, width = ops.shape(features)
        logits = self._classify(ops.reshape(features, (batch * steps, width)), training)
        return ops.reshape(logits, (batch, steps, logits.shape[-1])), encoded.mask

    def initial_state(self, batch: int):
        """Sum and number of the features so far, (B, D) and (B, 1); nothing where steps stand alone."""
        if self.by_step:
            return ()
        wide = at_least_float32(self.compute_dtype)
        return ops.zeros((batch, (self.dense or self.labels).kernel.shape[0]), wide), ops.zeros(
            (batch, 1), wide
        )

    def step(self, features, state):
        """(logits (B, C), next state) after the features (B, R, D) of one more step."""
        feature = ops.mean(features, axis=1)
        if state:
            state = state[0] + ops.cast(feature, state[0].dtype), state[1] + 1
            feature = ops.cast(state[0] / state[1], self.compute_dtype)
        return self._classify(feature, False), state

    def _classify(self, features, training):
        features = features if self.dense is None else self.dense(features)
        return ops.cast(
            self.labels(self.drop(features, training=training)),
            at_least_float32(self.compute_dtype),
        )
