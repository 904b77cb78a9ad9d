"""The LSTM layer compared with its equations in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.layers.lstm import Lstm, last_step, lstm_cell, lstm_sequence, uniform

L, B, D, U = 5, 3, 4, 6
FLOAT64 = keras.backend.backend() == "tensorflow"  # on other backends, Keras uses float32


def array(tensor):
    """Return a tensor as an array."""
    return ops.convert_to_numpy(tensor)


def values(seed=0, dtype="float64"):
    """Return random gate inputs (L, B, 4U), h (B, U), c (B, U), recurrent weights (U, 4U)."""
    rng = np.random.default_rng(seed)
    return [
        rng.normal(size=shape).astype(dtype) * 0.7
        for shape in ((L, B, 4 * U), (B, U), (B, U), (U, 4 * U))
    ]


def oracle(sums, h, c, recurrent):
    """Return LSTM outputs and cells (2, L, B, U), computed gate by gate."""

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    outputs, cells = [], []
    for step in sums:
        z = step + h @ recurrent
        i, f, g, o = (
            sigmoid(z[:, :U]),
            sigmoid(z[:, U : 2 * U]),
            np.tanh(z[:, 2 * U : 3 * U]),
            sigmoid(z[:, 3 * U :]),
        )
        c = f * c + i * g
        h = o * np.tanh(c)
        outputs.append(h)
        cells.append(c)
    return np.stack([outputs, cells])


def test_lstm_cell_by_hand():
    """One step with gate inputs of zero gives the results computed by hand."""
    hidden, cell, gates = lstm_cell(ops.zeros((1, 4)), ops.ones((1, 1)))
    assert [float(gate[0, 0]) for gate in gates] == [0.5, 0.5, 0.0, 0.5]
    assert float(cell[0, 0]) == 0.5
    assert np.isclose(float(hidden[0, 0]), 0.23105858)


def test_lstm_cell_saturates():
    """Gates saturate at 0 and 1 for large gate inputs, without NaN."""
    sums = np.array([[1000.0, 1000.0, -1000.0, 1000.0]], "float32")
    hidden, cell, _ = lstm_cell(ops.convert_to_tensor(sums), ops.ones((1, 1)))
    assert np.allclose(array(cell), 0.0)
    assert np.allclose(array(hidden), 0.0)


def test_sequence_equals_the_equations():
    """All outputs and cells of a sequence equal those of the equations."""
    found = array(lstm_sequence(*map(ops.convert_to_tensor, values())))
    assert np.abs(found - oracle(*values())).max() < (1e-12 if FLOAT64 else 1e-5)


@pytest.mark.parametrize("argument", range(4), ids=["sums", "hidden", "cell", "recurrent"])
def test_gradient_equals_finite_differences(gradients, argument):
    """The explicit gradient of the LSTM equals central differences of the equations."""
    weight = np.random.default_rng(7).normal(size=(2, L, B, U))

    def loss(*arguments):
        outputs = lstm_sequence(*arguments)
        return ops.sum(ops.multiply(outputs, ops.convert_to_tensor(weight)))

    gradient = gradients(loss, values())[argument]
    direction = np.random.default_rng(8).normal(size=gradient.shape)
    plus, minus = values(), values()
    plus[argument] += 1e-5 * direction
    minus[argument] -= 1e-5 * direction
    expected = ((oracle(*plus) - oracle(*minus)) * weight).sum() / 2e-5
    rtol = 1e-8 if FLOAT64 else 1e-4
    assert np.isclose((gradient * direction).sum(), expected, rtol=rtol)


def test_last_step_of_each_row():
    """`last_step` returns the last real step of a sequence, or the initial value if it has none."""
    sequence = np.arange(6, dtype="float32").reshape(3, 2, 1)  # sequences 0 2 4 and 1 3 5
    initial = np.array([[-1.0], [-2.0]], "float32")
    for lengths, expected in (([3, 1], [4, 1]), ([0, 2], [-1, 3])):
        arguments = sequence, np.array(lengths, "int32"), initial
        found = last_step(*map(ops.convert_to_tensor, arguments))
        assert array(found)[:, 0].tolist() == expected


def test_uniform_has_the_limit():
    """The uniform initializer draws from the whole range, differently in each instance."""
    first, second = (array(uniform(0.1, "zeros")((50, 50))) for _ in range(2))
    assert 0.099 < first.max() <= 0.1
    assert -0.1 <= first.min() < -0.099
    assert (first != second).any()


def test_uniform_of_limit_0_is_the_default():
    """With a limit of 0, the initializer is the default initializer of Keras."""
    assert not array(uniform(0.0, "zeros")((3,))).any()


def test_layer_equals_keras():
    """The outputs of the LSTM layer equal those of `keras.layers.LSTM` with the same weights."""
    x = np.random.default_rng(1).normal(size=(L, B, D)).astype("float32")
    ours, theirs = Lstm(U), keras.layers.LSTM(U, return_sequences=True)
    expected = theirs(x.transpose(1, 0, 2))
    ours.build((None, D))
    ours.set_weights(theirs.get_weights())
    assert np.allclose(array(ours(x)).transpose(1, 0, 2), array(expected), atol=1e-5)


def test_sequence_continues_from_a_state():
    """Continuing a sequence from the state of its first part gives the outputs of one call."""
    layer = Lstm(U)
    layer.build((None, 4 * U))
    sums, h, c, _ = [ops.convert_to_tensor(value) for value in values(dtype="float32")]
    whole, (_, cell) = layer.sequence(sums, (h, c))
    first, state = layer.sequence(sums[:2], (h, c))
    second, (_, last) = layer.sequence(sums[2:], state)
    assert np.allclose(array(whole), np.concatenate([array(first), array(second)]), atol=1e-6)
    assert np.allclose(array(cell), array(last), atol=1e-6)


def test_state_after_the_last_real_step():
    """The final state of each sequence is its state after the last real step."""
    layer = Lstm(U)
    layer.build((None, 4 * U))
    sums, h, c, _ = [ops.convert_to_tensor(value) for value in values(dtype="float32")]
    _, (hidden, cell) = layer.sequence(
        sums, (h, c), ops.convert_to_tensor(np.array([2, 0, L], "int32"))
    )
    for row, length in enumerate((2, 0, L)):
        _, (expected, last) = layer.sequence(sums[:length], (h, c)) if length else (None, (h, c))
        assert np.allclose(array(hidden)[row], array(expected)[row], atol=1e-6)
        assert np.allclose(array(cell)[row], array(last)[row], atol=1e-6)


def test_forget_bias():
    """The biases of the forget gate start at `forget_bias`; other biases start at 0."""
    layer = Lstm(U, forget_bias=2.0)
    layer.build((None, D))
    assert array(layer.bias).reshape(4, U).tolist() == [[0.0] * U, [2.0] * U, [0.0] * U, [0.0] * U]


def test_initializer_range():
    """The LSTM weights are initialized within `initializer_range`."""
    layer = Lstm(U, initializer_range=0.08)
    layer.build((None, D))
    assert 0.05 < np.abs(array(layer.kernel)).max() <= 0.08
    assert 0.05 < np.abs(array(layer.recurrent_kernel)).max() <= 0.08
    assert not np.allclose(array(layer.kernel)[:4], array(layer.recurrent_kernel)[:4])


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_step_outside_of_a_call_has_the_compute_dtype(policy):
    """An LSTM step outside of `__call__` keeps the compute dtype of its state."""
    layer = Lstm(U, dtype=policy)
    layer.build((None, D))
    hidden, (_, cell) = layer.step(
        layer.project(ops.ones((B, D), layer.compute_dtype)), layer.zero_state(B)
    )
    assert (
        keras.backend.standardize_dtype(hidden.dtype)
        == keras.backend.standardize_dtype(cell.dtype)
        == layer.compute_dtype
    )
