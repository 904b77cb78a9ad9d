"""Attention to the regions within each step, then to the steps."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from lrcn_seq.layers.attention import Attention
from lrcn_seq.layers.precision import built_under
from lrcn_seq.records import NumberNotNegative, Positive, Tensor


class HierarchicalAttention(keras.layers.Layer):
    """Temporal attention over the results of spatial attention (Yan et al. 2020, STAT).

        α_s = softmax over the regions r of step s of w · tanh(K a_sr + Q h + b)  f_s = Σ α_sr a_sr
        β = softmax over real steps of w' · tanh(K' f_s + Q' h + b')  context = Σ β_s f_s

    The layer has the methods of `Attention`. With one region per step, only β matters.

    Args:
        units: the size of the keys.
        initializer_range: the limit of the uniform initializer; 0 for the initializers of Keras.
        **kwargs: arguments of `keras.layers.Layer`.
    """

    def __init__(
        self, units: Positive, *, initializer_range: NumberNotNegative = 0.0, **kwargs: Any
    ):
        super().__init__(**kwargs)
        with built_under(self.dtype_policy):
            self.spatial, self.temporal = (
                Attention(units, initializer_range=initializer_range) for _ in range(2)
            )

    def build(self, values_shape: Any, query_shape: Any) -> None:
        """Create the weights for values (B, S, R, D) and queries (B, U)."""
        self.regions = values_shape[-2]
        for layer in (self.spatial, self.temporal):
            layer.build(values_shape, query_shape)

    def keys(self, values: Tensor) -> Tensor:
        """Return the keys (B, M, A) of values (B, M, D) for spatial attention."""
        return self.spatial.keys(values)

    def attend(
        self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Attend to the values with a query.

        Args:
            query: decoder state (B, U).
            keys: keys (B, M, A) of the values, M = S·R.
            values: memory (B, M, D).
            mask: (B, M), True at the regions of real steps.

        Returns:
            The context (B, D) and the weights β_s α_sr (B, M), which are zero at padding and sum
            to 1 for each sample with a real step.
        """
        B, M, D = ops.shape(values)
        shape = (B, M // self.regions, self.regions)
        scores = self.spatial.scores(self.spatial.query(query), keys)
        alpha = ops.softmax(ops.reshape(scores, shape), axis=-1)
        alpha = ops.cast(alpha, self.compute_dtype)
        steps = ops.einsum("bsr,bsrd->bsd", alpha, ops.reshape(values, (*shape, D)))
        real = ops.reshape(mask, shape)[..., 0]
        context, beta = self.temporal.attend(query, self.temporal.keys(steps), steps, real)
        return context, ops.reshape(alpha * beta[..., None], (B, M))
