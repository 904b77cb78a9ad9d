"""Attention pooling over time: a weighted mean of steps and regions (Ilse et al. 2018).

The weights are those of the gated attention of multiple-instance learning (arXiv 1802.04712,
equation 9), so that a classifier can use the few frames that show an action:

    e_n = w · (tanh(V x_n) ∘ σ(U x_n))   α = softmax(e) over real positions   z = Σ α_n x_n
"""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.layers import Dense

from lrcn_seq.decoders.base import FrameDecoder, Shape, State
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.pooling import as_memory
from lrcn_seq.layers.precision import at_least_float32, built_under
from lrcn_seq.records import Encoded, Positive, Rate, Tensor
from lrcn_seq.registry import decoders

NO_SCORE = -1e9
"""Score of padding, and of a clip before its first step."""


@decoders.register
class AttentionPooling(FrameDecoder):
    """A classifier of the attention-weighted mean over all steps and regions of a clip.

    Args:
        classes: Number of classes C.
        attention: Width of the two layers that score a position.
        dropout: Dropout rate of the input of the classifier.
    """

    def __init__(
        self,
        classes: Positive,
        *,
        attention: Positive = 128,
        dropout: Rate = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        with built_under(self.dtype_policy):
            self.key = Dense(attention, activation="tanh", name="key")
            self.gate = Dense(attention, activation="sigmoid", name="gate")
            self.score = Dense(1, use_bias=False, name="score")
            self.drop = seeded_dropout(dropout)
            self.labels = Dense(classes, name="labels")

    @property
    def causal(self) -> bool:
        """True: the weighted mean of the steps so far needs no later step."""
        return True

    def build(self, encoded_shape: tuple[Shape, Shape]) -> None:
        """Build the weights for features (B, S, R, D)."""
        width = encoded_shape[0][-1]
        for layer in (self.key, self.gate, self.labels):
            layer.build((None, width))
        self.score.build((None, self.key.units))

    def call(self, encoded: Encoded, training: bool = False) -> tuple[Tensor, Tensor]:
        """Return logits (B, 1, C) and mask (B, 1)."""
        features, mask = as_memory(encoded)
        weights = ops.softmax(self._scores(features, mask), axis=-1)
        weights = ops.cast(ops.where(mask, weights, ops.zeros_like(weights)), self.compute_dtype)
        logits = self._classify(ops.einsum("bn,bnd->bd", weights, features), training)
        return logits[:, None], ops.any(encoded.mask, axis=1, keepdims=True)

    def initial_state(self, batch: int) -> State:
        """Return the highest score (B, 1), and sums of weights (B, 1) and of features (B, D)."""
        wide, width = at_least_float32(self.compute_dtype), self.labels.kernel.shape[0]
        highest = ops.full((batch, 1), NO_SCORE, wide)
        return highest, ops.zeros((batch, 1), wide), ops.zeros((batch, width), wide)

    def step(self, features: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, C) and the next state after the features (B, R, D) of a step.

        The sums are relative to the highest score so far, as exp(e) alone could overflow.
        """
        highest, total, pooled = state
        scores = self._scores(features, ops.ones(ops.shape(features)[:2], "bool"))
        next_highest = ops.maximum(highest, ops.max(scores, axis=1, keepdims=True))
        weights, decay = ops.exp(scores - next_highest), ops.exp(highest - next_highest)
        total = total * decay + ops.sum(weights, axis=1, keepdims=True)
        wide = ops.cast(features, weights.dtype)
        pooled = pooled * decay + ops.einsum("br,brd->bd", weights, wide)
        logits = self._classify(ops.cast(pooled / total, self.compute_dtype), False)
        return logits, (next_highest, total, pooled)

    def _scores(self, features: Tensor, mask: Tensor) -> Tensor:
        """Return the scores (B, N), float32 or wider, of features (B, N, D)."""
        scores = self.score(self.key(features) * self.gate(features))[..., 0]
        scores = ops.cast(scores, at_least_float32(self.compute_dtype))
        return ops.where(mask, scores, ops.full_like(scores, NO_SCORE))

    def _classify(self, pooled: Tensor, training: bool) -> Tensor:
        logits = self.labels(self.drop(pooled, training=training))
        return ops.cast(logits, at_least_float32(self.compute_dtype))
