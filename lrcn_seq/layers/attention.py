"""Soft attention: where to look in a memory, given a state."""

from __future__ import annotations

import keras
from keras import ops
from keras.layers import Dense

from lrcn_seq.layers.lstm import uniform
from lrcn_seq.layers.precision import at_least_float32, built_under
from lrcn_seq.records import NumberNotNegative, Positive


class Attention(keras.layers.Layer):
    """Additive attention (Bahdanau et al. 2015, section A.1.2; Xu et al. 2015, equations 4 to 6).

        e_m = w · tanh(K a_m + Q h + b)    α = softmax(e) over real places    context = Σ α_m a_m

    Cut in two, because the keys K a_m + b of a memory are the same at every step.
    """

    def __init__(self, units: Positive, *, initializer_range: NumberNotNegative = 0.0, **kwargs):
        super().__init__(**kwargs)

        def dense(width: int, name: str, *, bias: bool) -> Dense:
            return Dense(
                width,
                use_bias=bias,
                kernel_initializer=uniform(initializer_range, "glorot_uniform"),
                name=name,
            )

        with built_under(self.dtype_policy):
            self.key, self.query, self.score = (
                dense(units, "key", bias=True),
                dense(units, "query", bias=False),
                dense(1, "score", bias=False),
            )

    def build(self, values_shape, query_shape):
        """Weights for values (B, M, D) and queries (B, U)."""
        self.key.build(values_shape)
        self.query.build(query_shape)
        self.score.build((None, None, self.key.units))

    def keys(self, values):
        """Keys (B, M, A) of values (B, M, D)."""
        return self.key(values)

    def look(self, query, keys, values, mask):
        """(context (B, D), weights (B, M)) for a query (B, U); weights are zero where mask (B, M) is not True, and sum to 1 where any is."""
        scores = self.score(ops.tanh(keys + self.query(query)[:, None]))[..., 0]
        scores = ops.cast(scores, at_least_float32(self.compute_dtype))
        weights = ops.softmax(ops.where(mask, scores, ops.full_like(scores, -1e9)), axis=-1)
        weights = ops.cast(ops.where(mask, weights, ops.zeros_like(weights)), self.compute_dtype)
        return ops.einsum("bm,bmd->bd", weights, values), weights

    def call(self, values, query):
        """(context, weights) where every place is real."""
        return self.look(query, self.keys(values), values, ops.ones(ops.shape(values)[:2], "bool"))
