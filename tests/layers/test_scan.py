"""The loop over time steps compared with NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.layers.scan import scan, unrolled_scans

X = np.array([[1.0, 2.0], [3.0, 0.5], [-1.0, 4.0]], "float32")


def test_carries_of_all_steps_are_returned():
    """`scan` returns the carried values after every step."""

    def body(carry, x):
        total, product = carry
        return total + x, product * x

    last, carries = scan(body, (ops.zeros((2,)), ops.ones((2,))), ops.convert_to_tensor(X))
    totals, products = map(ops.convert_to_numpy, carries)
    assert np.allclose(totals, np.cumsum(X, axis=0))
    assert np.allclose(products, np.cumprod(X, axis=0))
    assert np.allclose(ops.convert_to_numpy(last[0]), totals[-1])
    assert np.allclose(ops.convert_to_numpy(last[1]), products[-1])


def test_gradient(gradients):
    """The gradient through `scan` equals the gradient computed by hand."""

    def product(x):
        return ops.sum(scan(lambda carry, x: carry * x, ops.ones((2,)), x)[0])

    expected = [[-3.0, 2.0], [-1.0, 8.0], [3.0, 1.0]]
    assert np.allclose(gradients(product, [X])[0], expected)


class RunningSum(keras.Model):
    """A model that computes the running sum over the first axis."""

    def call(self, x):
        return scan(lambda carry, x: carry + x, ops.zeros((2,)), x)[1]


@pytest.fixture(scope="module")
def model():
    """Return one model, which is used for all lengths."""
    return RunningSum()


@pytest.mark.parametrize("length", [3, 5, 4, 1])
def test_the_length_may_be_dynamic(model, length):
    """One compiled model with `scan` accepts inputs of any length."""
    x = np.random.default_rng(0).normal(size=(length, 2)).astype("float32")
    assert np.allclose(model.predict_on_batch(x), np.cumsum(x, axis=0), atol=1e-5)


def test_loops_of_known_length_can_be_unrolled():
    """Within `unrolled_scans`, the results are the same and the body is called for each step."""
    calls = []

    def body(carry, x):
        calls.append(x)
        return carry[0] + x, carry[1] * x

    initial = ops.zeros((2,)), ops.ones((2,))
    last, carries = scan(body, initial, ops.convert_to_tensor(X))
    calls.clear()
    with unrolled_scans():
        unrolled = scan(body, initial, ops.convert_to_tensor(X))
    assert len(calls) == len(X)
    for expected, received in zip((*last, *carries), (*unrolled[0], *unrolled[1]), strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(received), ops.convert_to_numpy(expected))
