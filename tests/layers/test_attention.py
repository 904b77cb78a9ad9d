"""Soft attention as a layer."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.layers.attention import Attention


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_weights_are_a_distribution_over_real_places(policy):
    """Weights are positive and sum to 1 over real places, and are zero elsewhere, in every precision."""
    layer = Attention(8, dtype=policy)
    rng = np.random.default_rng(0)
    values, query = (
        ops.cast(rng.normal(size=shape) * 30, layer.compute_dtype) for shape in ((2, 5, 4), (2, 3))
    )
    layer.build((2, 5, 4), (2, 3))
    mask = ops.convert_to_tensor(np.array([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], bool))
    _, weights = layer.look(query, layer.keys(values), values, mask)
    weights = ops.convert_to_numpy(ops.cast(weights, "float32"))
    assert np.allclose(weights.sum(1), 1, atol=1e-2)
    assert (weights >= 0).all()
    assert not weights[0, 3:].any()
    assert weights[1].tolist() == [1, 0, 0, 0, 0]


def test_without_a_mask_every_place_counts():
    """Called with values and query alone, attention looks at every place."""
    layer = Attention(8)
    _, weights = layer(np.ones((2, 5, 4), "float32"), np.ones((2, 3), "float32"))
    assert np.allclose(ops.convert_to_numpy(weights), 0.2)
