"""Attention to regions, then to steps, compared with its equations in NumPy."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.layers.attention import Attention
from lrcn_seq.layers.hierarchical_attention import HierarchicalAttention
from tests.decoders.equations import array, hierarchical_attention, randomize

B, S, R, D, U, A = 2, 3, 2, 4, 3, 5
REAL = np.array([[1, 0, 1], [1, 1, 1]], bool)
MASK = np.repeat(REAL, R, axis=1)
RNG = np.random.default_rng(0)
VALUES, QUERY = RNG.normal(size=(B, S * R, D)), RNG.normal(size=(B, U))


def built(**options):
    """Return a layer with random weights."""
    layer = HierarchicalAttention(A, **options)
    layer.build((B, S, R, D), (B, U))
    randomize(layer)
    return layer


def attend(layer, scale=1.0, mask=MASK):
    """Return context and weights as float32 arrays."""
    values, query = (ops.cast(x * scale, layer.compute_dtype) for x in (VALUES, QUERY))
    found = layer.attend(query, layer.keys(values), values, ops.convert_to_tensor(mask))
    return [array(ops.cast(tensor, "float32")) for tensor in found]


def test_attend_equals_the_equations():
    """The weight of a region is that of its step, times that of the region within the step."""
    layer = built()
    context, weights = attend(layer)
    for row in range(B):
        expected, shares = hierarchical_attention(layer, QUERY[row], VALUES[row, MASK[row]])
        assert np.allclose(context[row], expected, atol=1e-5)
        assert np.allclose(weights[row, MASK[row]], shares, atol=1e-6)
        assert not weights[row, ~MASK[row]].any()


def test_a_single_region_needs_only_temporal_attention():
    """With one region per step, the layer equals temporal attention."""
    layer, temporal = HierarchicalAttention(A), Attention(A)
    layer.build((B, S * R, 1, D), (B, U))
    temporal.build((B, S * R, D), (B, U))
    randomize(layer)
    temporal.set_weights(layer.temporal.get_weights())
    for found, expected in zip(attend(layer), attend(temporal), strict=True):
        assert np.allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_weights_are_a_distribution_over_real_places(policy):
    """Attention weights are 0 at padding and sum to 1 over real positions, in every precision."""
    _, weights = attend(built(dtype=policy), scale=30)
    assert np.allclose(weights.sum(1), 1, atol=1e-2)
    assert not weights[~MASK].any()


def test_a_row_of_padding_has_no_context():
    """A sequence of padding only has zero attention weights and a zero context."""
    context, weights = attend(built(), mask=np.zeros_like(MASK))
    assert not weights.any()
    assert not context.any()


def test_initializer_range():
    """`initializer_range` bounds the initial kernels of both attentions."""
    layer = HierarchicalAttention(50, initializer_range=0.1)
    layer.build((B, S, R, 40), (B, 30))
    for part in (layer.spatial, layer.temporal):
        assert 0.08 < np.abs(array(part.key.kernel)).max() <= 0.1
