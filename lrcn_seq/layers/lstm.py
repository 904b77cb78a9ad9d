"""The LSTM of all decoders.

Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000, in the notation of Donahue
et al. 2015 (section 2):

    i = σ(W_i [x, h] + b_i)    f = σ(W_f [x, h] + b_f)
    g = tanh(W_g [x, h] + b_g)    o = σ(W_o [x, h] + b_o)
    c' = f ∘ c + i ∘ g         h' = o ∘ tanh(c')
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from lrcn_seq.layers.scan import scan
from lrcn_seq.records import NumberNotNegative, Positive, Tensor

Gates = tuple[Tensor, Tensor, Tensor, Tensor]
"""The gates i, f, g and o after their nonlinearities, each (B, U)."""
State = tuple[Tensor, Tensor]
"""The output h and the cell c, each (B, U)."""


def uniform(limit: float, default: str) -> keras.Initializer:
    """Return a uniform initializer from −limit to limit, or `default` if the limit is 0."""
    return (
        keras.initializers.RandomUniform(-limit, limit)
        if limit
        else keras.initializers.get(default)
    )


def lstm_cell(sums: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Gates]:
    """Compute one step of an LSTM.

    Args:
        sums: W [x, h] + b in the order i, f, g, o, (B, 4U).
        cell: c, (B, U).

    Returns:
        h', c' and the gates.
    """
    i, f, g, o = ops.split(sums, 4, axis=-1)
    i, f, g, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)
    cell = f * cell + i * g
    return o * ops.tanh(cell), cell, (i, f, g, o)


def lstm_cell_gradient(
    upstream: tuple[Tensor, Tensor], gates: Gates, cells: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Compute the gradient of `lstm_cell`.

    Args:
        upstream: the gradients of h' and c'.
        gates: the gates of the step.
        cells: c and c'.

    Returns:
        The gradients of the sums (B, 4U) and of c (B, U).
    """
    (d_hidden, d_cell), (i, f, g, o), (before, after) = upstream, gates, cells
    squashed = ops.tanh(after)
    d_cell = d_cell + d_hidden * o * (1 - squashed * squashed)
    d_sums = [
        d_cell * g * i * (1 - i),
        d_cell * before * f * (1 - f),
        d_cell * i * (1 - g * g),
        d_hidden * squashed * o * (1 - o),
    ]
    return ops.concatenate(d_sums, axis=-1), d_cell * f


@ops.custom_gradient
def lstm_sequence(
    sums: Tensor, hidden: Tensor, cell: Tensor, recurrent: Tensor
) -> tuple[Tensor, Callable[..., tuple[Tensor, ...]]]:
    """Compute all steps of an LSTM.

    The gradient is explicit, because automatic differentiation accumulates the gradient of the
    recurrent weights step by step, while one matrix product over all steps suffices.

    Args:
        sums: the projected inputs W x + b, (L, B, 4U).
        hidden: h before the first step, (B, U).
        cell: c before the first step, (B, U).
        recurrent: recurrent weights (U, 4U).

    Returns:
        All outputs and all cells, (2, L, B, U), and the gradient function that the decorator needs.
    """

    def forward(carry: Any, x: Tensor) -> Any:
        hidden, cell, _ = carry
        return lstm_cell(x + ops.matmul(hidden, recurrent), cell)

    steps, _, width = ops.shape(sums)
    no_gates = (ops.zeros_like(hidden),) * 4
    _, (outputs, cells, gates) = scan(forward, (hidden, cell, no_gates), sums)

    def gradient(*args: Tensor, upstream: Tensor = None) -> tuple[Tensor, ...]:
        d_outputs, d_cells = ops.unstack(args[0] if upstream is None else upstream, 2)
        transposed = ops.transpose(recurrent)
        cells_before = ops.concatenate([cell[None], cells[:-1]])

        def backward(carry: Any, t: Tensor) -> Any:
            d_sums, d_cell = carry
            upstream = d_outputs[t] + ops.matmul(d_sums, transposed), d_cells[t] + d_cell
            i, f, g, o = (gate[t] for gate in gates)
            return lstm_cell_gradient(upstream, (i, f, g, o), (cells_before[t], cells[t]))

        (first, d_cell), (d_sums, _) = scan(
            backward, (ops.zeros_like(sums[0]), ops.zeros_like(cell)), ops.flip(ops.arange(steps))
        )
        d_sums = ops.flip(d_sums, axis=0)
        inputs = ops.reshape(ops.concatenate([hidden[None], outputs[:-1]]), (-1, width // 4))
        d_recurrent = ops.matmul(ops.transpose(inputs), ops.reshape(d_sums, (-1, width)))
        return d_sums, ops.matmul(first, transposed), d_cell, d_recurrent

    return ops.stack([outputs, cells]), gradient


def last_step(sequence: Tensor, lengths: Tensor, initial: Tensor) -> Tensor:
    """Return the last real step (B, U) of each sequence of a batch.

    Args:
        sequence: the steps of all sequences, (L, B, U).
        lengths: the number of real steps of each sequence, (B,).
        initial: the result for sequences without real steps, (B, U).
    """
    index = ops.broadcast_to(ops.maximum(lengths - 1, 0)[None, :, None], (1, *ops.shape(initial)))
    last = ops.take_along_axis(sequence, index, axis=0)[0]
    return ops.where(lengths[:, None] > 0, last, initial)


class Lstm(keras.layers.Layer):
    """An LSTM layer that separates the input projection from the recurrence.

    The method `project` computes the input projection W x + b of any number of steps. The method
    `step` computes one step of the recurrence, and `sequence` computes all steps of a sequence
    whose first axis is time. The weights have the same layout as those of `keras.layers.LSTM`.

    Args:
        units: the size U of output and cell.
        initializer_range: the limit of the uniform initializer; 0 selects the default initializers
            of Keras.
        forget_bias: the initial bias of the forget gate.
        **kwargs: arguments of `keras.layers.Layer`.
    """

    def __init__(
        self,
        units: Positive,
        *,
        initializer_range: NumberNotNegative = 0.0,
        forget_bias: float = 1.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.units, self.initializer_range, self.forget_bias = units, initializer_range, forget_bias

    def build(self, input_shape: Any) -> None:
        """Create the weights for inputs (..., D)."""
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

    def zero_state(self, batch: Any) -> State:
        """Return zeros for (h, c), each (B, U)."""
        zeros = ops.zeros((batch, self.units), self.compute_dtype)
        return zeros, zeros

    def project(self, x: Tensor) -> Tensor:
        """Return W x + b (..., 4U) of inputs (..., D)."""
        return ops.matmul(x, self._cast(self.kernel)) + self._cast(self.bias)

    def step(self, sums: Tensor, state: State) -> tuple[Tensor, State]:
        """Compute one step of the recurrence.

        Args:
            sums: the projected input (B, 4U).
            state: (h, c).

        Returns:
            The output (B, U) and the next state.
        """
        hidden, cell = state
        recurrent = ops.matmul(hidden, self._cast(self.recurrent_kernel))
        hidden, cell, _ = lstm_cell(sums + recurrent, cell)
        return hidden, (hidden, cell)

    def sequence(
        self, sums: Tensor, state: State, lengths: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Compute all steps of the recurrence.

        Args:
            sums: the projected inputs (L, B, 4U).
            state: (h, c) before the first step.
            lengths: the number of real steps of each sequence, (B,); None if all steps are real.

        Returns:
            All outputs (L, B, U), and the state after the last real step of each sequence.
        """
        hidden, cell = state
        outputs, cells = ops.unstack(
            lstm_sequence(sums, hidden, cell, self._cast(self.recurrent_kernel)), 2
        )
        if lengths is None:
            return outputs, (outputs[-1], cells[-1])
        return outputs, (last_step(outputs, lengths, hidden), last_step(cells, lengths, cell))

    def call(self, x: Tensor) -> Tensor:
        """Return the outputs (L, B, U) for inputs (L, B, D) from a zero state."""
        return self.sequence(self.project(x), self.zero_state(ops.shape(x)[1]))[0]

    def _cast(self, weight: Tensor) -> Tensor:
        # Searches call `step` outside of `__call__`, where Keras does not cast the weights.
        return ops.cast(weight, self.compute_dtype)
