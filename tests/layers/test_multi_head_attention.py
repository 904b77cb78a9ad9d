"""Multi-head attention compared with its equations in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.multi_head_attention import MultiHeadAttention

MASK = np.array([[[1, 1, 1, 0, 0], [0, 1, 1, 1, 1]], [[1, 0, 0, 0, 0], [1, 1, 1, 1, 1]]], bool)


def inputs(scale=1.0):
    """Return random values (B, M, D) and queries (B, Q, E)."""
    rng = np.random.default_rng(0)
    return [(rng.normal(size=shape) * scale).astype("float32") for shape in ((2, 5, 4), (2, 2, 3))]


def attend(layer, values, query, mask=MASK):
    """Return outputs and weights as float32 arrays."""
    values, query = (ops.cast(x, layer.compute_dtype) for x in (values, query))
    found = layer.attend(query, *layer.project(values), ops.convert_to_tensor(mask))
    return [ops.convert_to_numpy(ops.cast(tensor, "float32")) for tensor in found]


def built(units=6, heads=2, **options):
    """Return a layer with weights for the inputs."""
    layer = MultiHeadAttention(units, heads, **options)
    layer.build((2, 5, 4), (2, 2, 3))
    return layer


def test_attend_equals_the_equations():
    """Each head is the mean of its values, weighted by the softmax of scaled dot products."""
    values, query = inputs()
    layer = built(initializer_range=0.9)
    Q, K, W = (
        ops.convert_to_numpy(dense.kernel) for dense in (layer.query, layer.key, layer.value)
    )
    outputs, weights = attend(layer, values, query)
    for sample, place in np.ndindex(2, 2):
        real = values[sample, MASK[sample, place]]
        for head, part in enumerate((slice(3), slice(3, 6))):
            scores = real @ K[:, part] @ (query[sample, place] @ Q[:, part]) / 3**0.5
            alpha = np.exp(scores) / np.exp(scores).sum()
            found = weights[sample, head, place]
            assert np.allclose(found[MASK[sample, place]], alpha, atol=1e-6)
            assert not found[~MASK[sample, place]].any()
            expected = alpha @ (real @ W[:, part])
            assert np.allclose(outputs[sample, place, part], expected, atol=1e-5)


def test_call_equals_the_layer_of_keras():
    """With the same weights, the layer equals `keras.layers.MultiHeadAttention`."""
    values, query = inputs()
    layer, other = built(), keras.layers.MultiHeadAttention(2, 3, use_bias=False)
    other.build(query.shape, values.shape)
    own = [ops.convert_to_numpy(dense.kernel) for dense in (layer.query, layer.key, layer.value)]
    other.set_weights([*(w.reshape(-1, 2, 3) for w in own), np.eye(6, 3).reshape(2, 3, 3)])
    outputs, weights = layer(values, query)
    expected, scores = other(query, values, return_attention_scores=True)
    assert np.allclose(ops.convert_to_numpy(outputs)[..., :3], expected, atol=1e-5)
    assert np.allclose(ops.convert_to_numpy(weights), scores, atol=1e-5)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_weights_are_a_distribution_over_real_places(policy):
    """Attention weights are 0 at padding and sum to 1 over real positions, in every precision."""
    _, weights = attend(built(dtype=policy), *inputs(scale=30))
    assert np.allclose(weights.sum(-1), 1, atol=1e-2)
    assert (weights >= 0).all()
    assert not weights[~np.repeat(MASK[:, None], 2, axis=1)].any()


def test_a_row_of_padding_has_no_output():
    """A sequence of padding only has zero attention weights and zero outputs."""
    outputs, weights = attend(built(), *inputs(), np.zeros_like(MASK))
    assert not weights.any()
    assert not outputs.any()


def test_units_are_divided_among_the_heads():
    """A number of units that is not a multiple of the number of heads is an error."""
    with pytest.raises(ArgumentError, match=r"multiple of `heads`. Received: units=6, heads=4"):
        MultiHeadAttention(6, 4)


def test_initializer_range():
    """`initializer_range` bounds the initial kernels of the layer."""
    layer = MultiHeadAttention(50, 5, initializer_range=0.1)
    layer.build((2, 5, 40), (2, 2, 30))
    for dense in (layer.key, layer.query, layer.value):
        assert 0.08 < np.abs(ops.convert_to_numpy(dense.kernel)).max() <= 0.1
