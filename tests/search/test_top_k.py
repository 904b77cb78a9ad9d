"""Top-k over a large vocabulary compared with sorting in NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from lrcn_seq.search._top_k import top_k


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    V=st.sampled_from([7, 2047, 2048, 2053, 4096, 9488, 5003]),
    k=st.integers(1, 7),
)
@pytest.mark.parametrize("kind", ["normal", "ties", "mostly -inf"])
def test_top_k_equals_sorting(kind, seed, V, k):
    """`top_k` returns the k largest values with distinct indices.

    The vocabulary sizes include multiples of a stride of `top_k`, other numbers and small ones.
    """
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(3, V)).astype("float32")
    if kind == "ties":
        x = np.round(x)
    if kind == "mostly -inf":
        x[generator.random((3, V)) < 0.999] = -np.inf
    values, indices = map(ops.convert_to_numpy, top_k(ops.convert_to_tensor(x), k))
    assert (values == -np.sort(-x, axis=1)[:, :k]).all()
    assert (np.take_along_axis(x, indices, axis=1) == values).all()
    assert all(len(set(row)) == k for row in indices)
