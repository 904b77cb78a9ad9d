"""The single-frame baseline: a classifier that ignores the order of frames.

The classifier averages either the predictions of the frames or the features of the frames. Averaged
predictions are the single-frame network of Donahue et al. 2015, section 4.1.
"""

from __future__ import annotations

from typing import Any, Literal

from keras import ops
from keras.layers import Dense

from lrcn_seq.decoders.base import FrameDecoder, Shape, State
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.pooling import masked_mean
from lrcn_seq.layers.precision import at_least_float32, built_under
from lrcn_seq.records import Encoded, NotNegative, Positive, Rate, Tensor
from lrcn_seq.registry import decoders


@decoders.register
class FrameMean(FrameDecoder):
    """A classifier of the features of single frames, or of their mean.

    Args:
        classes: Number of classes C.
        pool: `predictions` classifies every step, and averages the predictions of a clip.
            `features` classifies the mean feature of a clip.
        dense: Width of a ReLU layer before the classifier; 0 for none.
        dropout: Dropout rate of the input of the classifier.
    """

    def __init__(
        self,
        classes: Positive,
        *,
        pool: Literal["predictions", "features"] = "predictions",
        dense: NotNegative = 0,
        dropout: Rate = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.by_step = pool == "predictions"
        with built_under(self.dtype_policy):
            self.drop = seeded_dropout(dropout)
            self.dense = Dense(dense, activation="relu", name="dense") if dense else None
            self.labels = Dense(classes, name="labels")

    @property
    def causal(self) -> bool:
        """True: neither single frames nor a running mean need later frames."""
        return True

    @property
    def every_step(self) -> bool:
        """Whether the decoder gives logits at every step: True with `pool: predictions`."""
        return self.by_step

    def build(self, encoded_shape: tuple[Shape, Shape]) -> None:
        """Build the weights for features (B, S, R, D)."""
        width = encoded_shape[0][-1]
        if self.dense is not None:
            self.dense.build((None, width))
            width = self.dense.units
        self.labels.build((None, width))

    def call(self, encoded: Encoded, training: bool = False) -> tuple[Tensor, Tensor]:
        """Return logits (B, S, C) and mask (B, S), with S = 1 for `pool: features`."""
        if not self.by_step:
            logits = self._classify(masked_mean(encoded), training)
            return logits[:, None], ops.any(encoded.mask, axis=1, keepdims=True)
        features = ops.mean(encoded.features, axis=2)
        batch, steps, width = ops.shape(features)
        logits = self._classify(ops.reshape(features, (batch * steps, width)), training)
        return ops.reshape(logits, (batch, steps, logits.shape[-1])), encoded.mask

    def initial_state(self, batch: int) -> State:
        """Return a zero sum (B, D) and count (B, 1) of features; () if steps are independent."""
        if self.by_step:
            return ()
        wide = at_least_float32(self.compute_dtype)
        width = (self.dense or self.labels).kernel.shape[0]
        return ops.zeros((batch, width), wide), ops.zeros((batch, 1), wide)

    def step(self, features: Tensor, state: State) -> tuple[Tensor, State]:
        """Return the logits (B, C) and the next state for the features (B, R, D) of one step."""
        feature = ops.mean(features, axis=1)
        if state:
            state = state[0] + ops.cast(feature, state[0].dtype), state[1] + 1
            feature = ops.cast(state[0] / state[1], self.compute_dtype)
        return self._classify(feature, False), state

    def _classify(self, features: Tensor, training: bool) -> Tensor:
        if self.dense is not None:
            features = self.dense(features)
        logits = self.labels(self.drop(features, training=training))
        return ops.cast(logits, at_least_float32(self.compute_dtype))
