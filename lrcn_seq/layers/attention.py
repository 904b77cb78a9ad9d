"""Additive soft attention over a memory."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops
from keras.layers import Dense

from lrcn_seq.layers.lstm import uniform
from lrcn_seq.layers.precision import at_least_float32, built_under
from lrcn_seq.records import NumberNotNegative, Positive, Tensor


class Attention(keras.layers.Layer):
    """Additive attention (Bahdanau et al. 2015, section A.1.2; Xu et al. 2015, equations 4 to 6).

        e_m = w · tanh(K a_m + Q h + b)  α = softmax(e) over real positions  context = Σ α_m a_m

    The keys K a_m + b are the same at every step. `keys` computes them once, and `attend` uses
    them at each step.

    Args:
        units: the size of the keys.
        initializer_range: the limit of the uniform initializer; 0 for the initializers of Keras.
        **kwargs: arguments of `keras.layers.Layer`.
    """

    def __init__(
        self, units: Positive, *, initializer_range: NumberNotNegative = 0.0, **kwargs: Any
    ):
        super().__init__(**kwargs)

        def dense(width: int, name: str, *, bias: bool) -> Dense:
            return Dense(
                width,
                use_bias=bias,
                kernel_initializer=uniform(initializer_range, "glorot_uniform"),
                name=name,
            )

        with built_under(self.dtype_policy):
            self.key = dense(units, "key", bias=True)
            self.query = dense(units, "query", bias=False)
            self.score = dense(1, "score", bias=False)

    def build(self, values_shape: Any, query_shape: Any) -> None:
        """Create the weights for values (B, M, D) and queries (B, U)."""
        self.key.build(values_shape)
        self.query.build(query_shape)
        self.score.build((None, None, self.key.units))

    def keys(self, values: Tensor) -> Tensor:
        """Return the keys (B, M, A) of values (B, M, D)."""
        return self.key(values)

    def attend(
        self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Attend to the values with a query.

        Args:
            query: decoder state (B, U).
            keys: keys (B, M, A) of the values.
            values: memory (B, M, D).
            mask: (B, M), True at real positions.

        Returns:
            The context (B, D) and the weights (B, M), which are zero at padding and sum to 1 for
            each sample with a real position.
        """
        scores = self.scores(self.query(query), keys)
        weights = ops.softmax(ops.where(mask, scores, ops.full_like(scores, -1e9)), axis=-1)
        weights = ops.cast(ops.where(mask, weights, ops.zeros_like(weights)), self.compute_dtype)
        return ops.einsum("bm,bmd->bd", weights, values), weights

    def scores(self, projected: Tensor, keys: Tensor) -> Tensor:
        """Return the scores e (B, M), float32 or wider, of projected queries Q h (B, A)."""
        scores = self.score(ops.tanh(keys + projected[:, None]))[..., 0]
        return ops.cast(scores, at_least_float32(self.compute_dtype))

    def call(self, values: Tensor, query: Tensor) -> tuple[Tensor, Tensor]:
        """Return context and weights for values without padding; see `attend`."""
        mask = ops.ones(ops.shape(values)[:2], "bool")
        return self.attend(query, self.keys(values), values, mask)
