"""Additive attention compared with its equations in NumPy."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.layers.attention import Attention

MASK = np.array([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], bool)


def inputs(scale=1.0):
    """Return random values (B, M, D) and queries (B, U)."""
    rng = np.random.default_rng(0)
    return [(rng.normal(size=shape) * scale).astype("float32") for shape in ((2, 5, 4), (2, 3))]


def attend(layer, values, query, mask=MASK):
    """Return context and weights as float32 arrays."""
    values, query = (ops.cast(x, layer.compute_dtype) for x in (values, query))
    found = layer.attend(query, layer.keys(values), values, ops.convert_to_tensor(mask))
    return [ops.convert_to_numpy(ops.cast(tensor, "float32")) for tensor in found]


def test_attend_equals_the_equations():
    """Attention weights equal the softmax of w · tanh(K a + Q h + b) over real positions."""
    values, query = inputs()
    layer = Attention(8, initializer_range=0.5)
    layer.build(values.shape, query.shape)
    layer.key.bias.assign(np.linspace(-1, 1, 8))
    K, b, Q, w = (
        ops.convert_to_numpy(weight)
        for weight in (layer.key.kernel, layer.key.bias, layer.query.kernel, layer.score.kernel)
    )
    e = np.tanh(values @ K + b + (query @ Q)[:, None]) @ w[:, 0]
    exponentials = np.exp(e) * MASK
    alpha = exponentials / exponentials.sum(1, keepdims=True)
    context, weights = attend(layer, values, query)
    assert np.allclose(weights, alpha, atol=1e-6)
    assert np.allclose(context, (alpha[:, :, None] * values).sum(1), atol=1e-5)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_weights_are_a_distribution_over_real_places(policy):
    """Attention weights are 0 at padding and sum to 1 over real positions, in every precision."""
    values, query = inputs(scale=30)
    layer = Attention(8, dtype=policy)
    layer.build(values.shape, query.shape)
    _, weights = attend(layer, values, query)
    assert np.allclose(weights.sum(1), 1, atol=1e-2)
    assert (weights >= 0).all()
    assert not weights[~MASK].any()


def test_a_row_of_padding_has_no_context():
    """A sequence of padding only has zero attention weights and a zero context."""
    values, query = inputs()
    layer = Attention(8)
    layer.build(values.shape, query.shape)
    context, weights = attend(layer, values, query, np.zeros_like(MASK))
    assert not weights.any()
    assert not context.any()


def test_call_has_no_padding():
    """`Attention.__call__`, which has no mask, treats all positions as real."""
    _, weights = Attention(8)(np.ones((2, 5, 4), "float32"), np.ones((2, 3), "float32"))
    assert np.allclose(ops.convert_to_numpy(weights), 0.2)


def test_initializer_range():
    """`initializer_range` bounds the initial kernels of the layer, and the bias starts at 0."""
    layer = Attention(50, initializer_range=0.1)
    layer.build((2, 5, 40), (2, 30))
    for weight in (layer.key.kernel, layer.query.kernel, layer.score.kernel):
        assert 0.08 < np.abs(ops.convert_to_numpy(weight)).max() <= 0.1
    assert not ops.convert_to_numpy(layer.key.bias).any()
