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


def uniform(limit: float, default: str):
    """A new uniform initializer within ±limit, or the default by name where the limit is 0."""
    return (
        keras.initializers.RandomUniform(-limit, limit)
        if limit
        else keras.initializers.get(default)
    )


def advance(sums, cell):
    """(h', c', gates) from the sums before the gates (B, 4U) in the order i f g o and the cell c (B, U)."""
    i, f, g, o = ops.split(sums, 4, axis=-1)
    i, f, g, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)
    cell = f * cell + i * g
    return o * ops.tanh(cell), cell, (i, f, g, o)


def retreat(upstream, gates, cells):
    """The gradients of `advance`: of the sums (B, 4U) and of the cell (B, U), from those of h' and c'."""
    (to_hidden, to_cell), (i, f, g, o), (before, after) = upstream, gates, cells
    squashed = ops.tanh(after)
    to_cell = to_cell + to_hidden * o * (1 - squashed * squashed)
    to_sums = [
        to_cell * g * i * (1 - i),
        to_cell * before * f * (1 - f),
        to_cell * i * (1 - g * g),
        to_hidden * squashed * o * (1 - o),
    ]
    return ops.concatenate(to_sums, axis=-1), to_cell * f


@ops.custom_gradient
def recur(sums, hidden, cell, recurrent):
    """All outputs and all cells, (2, L, B, U), from the input's part of the sums (L, B, 4U).

    Written with its gradient, because a derived one adds up that of the recurrent weights step by step, where one product
    over all steps does.
    """

    def forward(carry, given):
        hidden, cell, _ = carry
        return advance(given + ops.matmul(hidden, recurrent), cell)

    steps, _, width = ops.shape(sums)
    nothing = (ops.zeros_like(hidden),) * 4
    _, (outputs, cells, gates) = unfold(forward, (hidden, cell, nothing), sums)

    def gradient(*given, upstream=None):
        to_outputs, to_cells = ops.unstack(given[0] if upstream is None else upstream, 2)
        transposed = ops.transpose(recurrent)
        cells_before = ops.concatenate([cell[None], cells[:-1]])

        def backward(carry, t):
            to_sums, to_cell = carry
            upstream = to_outputs[t] + ops.matmul(to_sums, transposed), to_cells[t] + to_cell
            return retreat(upstream, [gate[t] for gate in gates], (cells_before[t], cells[t]))

        (first, to_cell), (to_sums, _) = unfold(
            backward, (ops.zeros_like(sums[0]), ops.zeros_like(cell)), ops.flip(ops.arange(steps))
        )
        to_sums = ops.flip(to_sums, axis=0)
        inputs = ops.reshape(ops.concatenate([hidden[None], outputs[:-1]]), (-1, width // 4))
        to_recurrent = ops.matmul(ops.transpose(inputs), ops.reshape(to_sums, (-1, width)))
        return to_sums, ops.matmul(first, transposed), to_cell, to_recurrent

    return ops.stack([outputs, cells]), gradient


def at_end(sequence, lengths, start):
    """What a sequence (L, B, U) holds at the end of each row, (B, U); `start` (B, U) where the length (B,) is 0."""
    place = ops.maximum(lengths - 1, 0)[None, :, None]
    found = ops.take_along_axis(sequence, ops.broadcast_to(place, (1, *ops.shape(start))), axis=0)[
        0
    ]
    return ops.where(lengths[:, None] > 0, found, start)


class Lstm(keras.layers.Layer):
    """One LSTM layer, cut so that whatever does not depend on the last step is computed for all steps at once.

    `project` gives the input's part of the sums before the gates, `step` one step, `sequence` all of them, time first.
    Weights lie as in keras.layers.LSTM.
    """

    def __init__(
        self,
        units: Positive,
        *,
        initializer_range: NumberNotNegative = 0.0,
        forget_bias: float = 1.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units, self.initializer_range, self.forget_bias = units, initializer_range, forget_bias

    def build(self, input_shape):
        """Weights for inputs (..., D)."""
        units, limit = self.units, self.initializer_range
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], 4 * units),
            initializer=uniform(limit, "glorot_uniform"),
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel",
            shape=(units, 4 * units),
            initializer=uniform(limit, "orthogonal"),
        )
        self.bias = self.add_weight(name="bias", shape=(4 * units,), initializer="zeros")
        self.bias.assign(ops.repeat(ops.array([0.0, self.forget_bias, 0.0, 0.0]), units))

    def zero_state(self, batch):
        """(h, c) before the first step, each (B, U)."""
        zeros = ops.zeros((batch, self.units), self.compute_dtype)
        return zeros, zeros

    def project(self, x):
        """The part of inputs (..., D) in the sums (..., 4U), with the bias."""
        return ops.matmul(x, self._weight(self.kernel)) + self._weight(self.bias)

    def step(self, sums, state):
        """The output (B, U) and the next state from the input's part of the sums (B, 4U)."""
        hidden, cell = state
        hidden, cell, _ = advance(
            sums + ops.matmul(hidden, self._weight(self.recurrent_kernel)), cell
        )
        return hidden, (hidden, cell)

    def sequence(self, sums, state, lengths=None):
        """All outputs (L, B, U) and the last state, each row's own where lengths (B,) are given, from the input's part of the sums (L, B, 4U)."""
        outputs, cells = ops.unstack(recur(sums, *state, self._weight(self.recurrent_kernel)), 2)
        if lengths is None:
            return outputs, (outputs[-1], cells[-1])
        return outputs, (at_end(outputs, lengths, state[0]), at_end(cells, lengths, state[1]))

    def call(self, x):
        """Outputs (L, B, U) for inputs (L, B, D), from a zero state."""
        return self.sequence(self.project(x), self.zero_state(ops.shape(x)[1]))[0]

    def _weight(self, weight):
        # Search calls `step` outside of `__call__`, where Keras casts no weight by itself.
        return ops.cast(weight, self.compute_dtype)
