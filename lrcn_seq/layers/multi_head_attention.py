"""Multi-head attention over a memory whose keys and values are projected once."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops
from keras.layers import Dense

from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.lstm import uniform
from lrcn_seq.layers.precision import at_least_float32, built_under
from lrcn_seq.records import NumberNotNegative, Positive, Tensor


class MultiHeadAttention(keras.layers.Layer):
    """Scaled dot-product attention of several heads (Vaswani et al. 2017, section 3.2).

        α = softmax(W_q q · W_k a_m / √(U / H)) over real positions  head = Σ α_m W_v a_m

    The outputs of the heads are concatenated and not projected. `project` computes the keys and
    values of all heads once; `attend` uses them for any number of queries. The layer of Keras
    offers no such division, and attends to padding if a sample has nothing else.

    Args:
        units: the size U of the concatenated outputs.
        heads: the number of heads H, which divides U.
        initializer_range: the limit of the uniform initializer; 0 for the initializers of Keras.
        **kwargs: arguments of `keras.layers.Layer`.

    Raises:
        ArgumentError: `units` is not a multiple of `heads`.
    """

    def __init__(
        self,
        units: Positive,
        heads: Positive,
        *,
        initializer_range: NumberNotNegative = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if units % heads:
            raise ArgumentError(
                "Expected `units` to be a multiple of `heads`. Received: "
                f"units={units}, heads={heads}; change one of them."
            )
        self.units, self.heads = units, heads
        with built_under(self.dtype_policy):
            self.query, self.key, self.value = (
                Dense(
                    units,
                    use_bias=False,
                    kernel_initializer=uniform(initializer_range, "glorot_uniform"),
                    name=name,
                )
                for name in ("query", "key", "value")
            )

    def build(self, values_shape: Any, query_shape: Any) -> None:
        """Create the weights for values (B, M, D) and queries (B, Q, E)."""
        self.key.build(values_shape)
        self.value.build(values_shape)
        self.query.build(query_shape)

    def project(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return the keys and the values of all heads, each (B, M, H, U / H), of (B, M, D)."""
        return self._split(self.key(values)), self._split(self.value(values))

    def attend(
        self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Attend to projected values with several queries.

        Args:
            query: queries (B, Q, E).
            keys: keys (B, M, H, U / H) of `project`.
            values: values (B, M, H, U / H) of `project`.
            mask: (B, Q, M), or with axes of size 1; True at real positions.

        Returns:
            The concatenated outputs (B, Q, U) and the weights (B, H, Q, M), which are zero where
            the mask is False and sum to 1 for each query with a real position.
        """
        scores = ops.einsum("bqhd,bmhd->bhqm", self._split(self.query(query)), keys)
        scores = ops.cast(scores, at_least_float32(self.compute_dtype))
        scores, mask = scores * (self.units // self.heads) ** -0.5, mask[:, None]
        weights = ops.softmax(ops.where(mask, scores, ops.full_like(scores, -1e9)), axis=-1)
        weights = ops.cast(ops.where(mask, weights, ops.zeros_like(weights)), self.compute_dtype)
        outputs = ops.einsum("bhqm,bmhd->bqhd", weights, values)
        return ops.reshape(outputs, (*ops.shape(query)[:2], self.units)), weights

    def call(self, values: Tensor, query: Tensor) -> tuple[Tensor, Tensor]:
        """Return outputs and weights for values without padding; see `attend`."""
        mask = ops.ones((1, 1, ops.shape(values)[1]), "bool")
        return self.attend(query, *self.project(values), mask)

    def _split(self, x: Tensor) -> Tensor:
        """Return (B, M, U) as (B, M, H, U / H)."""
        # Dense layers of Keras on PyTorch return float32 for float64.
        x = ops.cast(x, self.compute_dtype)
        return ops.reshape(x, (*ops.shape(x)[:2], self.heads, self.units // self.heads))
