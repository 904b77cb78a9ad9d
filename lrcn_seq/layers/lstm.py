"""The LSTM: its equations stand here once, for every decoder.

Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000, as Donahue et al. 2015 (section 2) write it:

    i = σ(W_i [x, h] + b_i)    f = σ(W_f [x, h] + b_f)    g = tanh(W_g [x, h] + b_g)    o = σ(W_o [x, h] + b_o)
    c' = f ∘ c + i ∘ g         h' = o ∘ tanh(c')
"""

from __future__ import annotations

import keras
from keras import ops

from lrcn_seq.layers.unfold import unfold
from lrcn_seq.records import NumberNotNegative, Positive


def advance(gates, cell):
    """(h', c'), each (B, U), from the sums before the gates (B, 4U) in the order i f g o and the cell c (B, U)."""
    i, f, g, o = ops.split(gates, 4, axis=-1)
    cell = ops.sigmoid(f) * cell + ops.sigmoid(i) * ops.tanh(g)
    return ops.sigmoid(o) * ops.tanh(cell), cell


def uniform(limit: float, default: str):
    """A new uniform initializer within ±limit, or the default by name where the limit is 0."""
    return keras.initializers.RandomUniform(-limit, limit) if limit else keras.initializers.get(default)


class Lstm(keras.layers.Layer):
    """One LSTM layer, cut so that whatever does not depend on the last step is computed for all steps at once.

    `project` gives the input's part of the gates, `step` one step, `sequence` all of them. Weights lie as in keras.layers.LSTM.
    """

    def __init__(self, units: Positive, *, initializer_range: NumberNotNegative = 0.0, forget_bias: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.initializer_range, self.forget_bias = units, initializer_range, forget_bias

    def build(self, input_shape):
        """Weights for inputs (..., D)."""
        units, limit = self.units, self.initializer_range
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], 4 * units), initializer=uniform(limit, "glorot_uniform"))
        self.recurrent_kernel = self.add_weight(name="recurrent_kernel", shape=(units, 4 * units), initializer=uniform(limit, "orthogonal"))
        self.bias = self.add_weight(name="bias", shape=(4 * units,), initializer="zeros")
        self.bias.assign(ops.repeat(ops.array([0.0, self.forget_bias, 0.0, 0.0]), units))

    def zero_state(self, batch):
        """(h, c) before the first step, each (B, U)."""
        zeros = ops.zeros((batch, self.units), self.compute_dtype)
        return zeros, zeros

    def project(self, x):
        """The part of inputs (..., D) in the gates (..., 4U), with the bias."""
        return ops.matmul(x, self._weight(self.kernel)) + self._weight(self.bias)

    def step(self, gates, state):
        """The output (B, U) and the next state from the input's part of the gates (B, 4U)."""
        hidden, cell = state
        hidden, cell = advance(gates + ops.matmul(hidden, self._weight(self.recurrent_kernel)), cell)
        return hidden, (hidden, cell)

    def sequence(self, gates, state):
        """All outputs (B, L, U) and the last state from the input's part of the gates (B, L, 4U)."""
        recurrent = self._weight(self.recurrent_kernel)

        def body(state, gates):
            return advance(gates + ops.matmul(state[0], recurrent), state[1])

        state, (outputs, _) = unfold(body, state, ops.transpose(gates, (1, 0, 2)))
        return ops.transpose(outputs, (1, 0, 2)), state

    def call(self, x):
        """Outputs (B, L, U) for inputs (B, L, D), from a zero state."""
        return self.sequence(self.project(x), self.zero_state(ops.shape(x)[0]))[0]

    def _weight(self, weight):
        # Search calls `step` outside of `__call__`, where Keras casts no weight by itself.
        return ops.cast(weight, self.compute_dtype)
