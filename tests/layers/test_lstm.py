"""The LSTM against its equations in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.layers.lstm import Lstm, advance, recur

L, B, D, U = 5, 3, 4, 6
EXACT = (
    1e-12 if keras.backend.backend() == "tensorflow" else 1e-5
)  # Keras computes float64 in float32 on the others


def array(tensor):
    return ops.convert_to_numpy(tensor)


def values(seed=0, dtype="float64"):
    """Sums (L, B, 4U), h (B, U), c (B, U) and recurrent weights (U, 4U)."""
    rng = np.random.default_rng(seed)
    return [
        rng.normal(size=shape).astype(dtype) * 0.7
        for shape in ((L, B, 4 * U), (B, U), (B, U), (U, 4 * U))
    ]


def oracle(sums, h, c, recurrent):
    """Outputs and cells (2, L, B, U), gate by gate."""

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


def test_recur_equals_equations():
    """All outputs and cells equal the equations to 1e-12 in float64."""
    found = array(recur(*map(ops.convert_to_tensor, values())))
    assert np.abs(found - oracle(*values())).max() < EXACT


def test_recur_gradient_equals_finite_differences(gradients):
    """The written gradient of a loss on outputs and cells equals central differences of the equations, for every input."""
    weight = np.random.default_rng(7).normal(size=(2, L, B, U))

    def loss(*given):
        return (oracle(*given) * weight).sum()

    found = gradients(
        lambda *given: ops.sum(ops.multiply(recur(*given), ops.convert_to_tensor(weight))), values()
    )
    rng = np.random.default_rng(8)
    for place, gradient in enumerate(found):
        direction = rng.normal(size=gradient.shape)
        plus, minus = values(), values()
        plus[place] += 1e-5 * direction
        minus[place] -= 1e-5 * direction
        expected = (loss(*plus) - loss(*minus)) / 2e-5
        assert np.isclose(
            (gradient * direction).sum(), expected, rtol=1e-4 if EXACT > 1e-9 else 1e-8
        )


def test_layer_equals_keras():
    """With the weights copied over, the layer equals keras.layers.LSTM."""
    x = np.random.default_rng(1).normal(size=(L, B, D)).astype("float32")
    ours, theirs = Lstm(U), keras.layers.LSTM(U, return_sequences=True)
    expected = theirs(x.transpose(1, 0, 2))
    ours.build((None, D))
    ours.set_weights(theirs.get_weights())
    assert np.allclose(array(ours(x)).transpose(1, 0, 2), array(expected), atol=1e-5)


def test_sequence_goes_on_from_a_state():
    """A sequence cut in two gives the outputs of the whole one."""
    layer = Lstm(U)
    layer.build((None, 4 * U))
    sums, h, c, _ = [ops.convert_to_tensor(value) for value in values(dtype="float32")]
    whole, (_, cell) = layer.sequence(sums, (h, c))
    first, state = layer.sequence(sums[:2], (h, c))
    second, (_, last) = layer.sequence(sums[2:], state)
    assert np.allclose(array(whole), np.concatenate([array(first), array(second)]), atol=1e-6)
    assert np.allclose(array(cell), array(last), atol=1e-6)


def test_sequence_ends_where_the_row_does():
    """With lengths, the last state of each row is that after its own last step; the start's where the length is 0."""
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


def test_forget_bias_and_range():
    """The forget gate's bias starts at forget_bias, all others at zero; weights stay within initializer_range."""
    layer = Lstm(U, initializer_range=0.08, forget_bias=2.0)
    layer.build((None, D))
    assert array(layer.bias).reshape(4, U).tolist() == [[0.0] * U, [2.0] * U, [0.0] * U, [0.0] * U]
    assert 0.05 < np.abs(array(layer.kernel)).max() <= 0.08
    assert 0.05 < np.abs(array(layer.recurrent_kernel)).max() <= 0.08
    assert not np.allclose(array(layer.kernel)[:4], array(layer.recurrent_kernel)[:4])


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_step_outside_a_call_keeps_the_compute_type(policy):
    """A step taken outside of `__call__` gives the compute type of the policy, so that loops over it keep their type."""
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


def test_gates_saturate():
    """Sums of ±1000 give gates of exactly 0 and 1 and no NaN."""
    sums = np.concatenate(
        [np.full((1, 2 * U), 1000.0), np.full((1, U), -1000.0), np.full((1, U), 1000.0)], 1
    ).astype("float32")
    hidden, cell, _ = advance(ops.convert_to_tensor(sums), ops.ones((1, U)))
    assert np.allclose(array(cell), 0.0)
    assert np.allclose(array(hidden), 0.0)
