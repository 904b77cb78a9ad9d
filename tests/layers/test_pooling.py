"""The mean and the memory of features with padding."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.layers.pooling import as_memory, masked_mean
from lrcn_seq.records import Encoded

MASK = np.array([[True, False, True], [False, False, False]])


def encoded(dtype="float32", padding=np.nan):
    features = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    features[~MASK] = padding
    return Encoded(ops.cast(ops.convert_to_tensor(features), dtype), ops.convert_to_tensor(MASK))


def test_mean_leaves_padding_out():
    """The mean is over regions of real steps only, whatever stands in the padding; without a real step it is zero."""
    features = ops.convert_to_numpy(encoded().features)
    found = ops.convert_to_numpy(masked_mean(encoded()))
    assert np.allclose(found[0], features[0, [0, 2]].reshape(8, 5).mean(0), atol=1e-6)
    assert found[1].tolist() == [0] * 5


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_mean_of_many_steps_does_not_overflow(dtype):
    """In half precision the mean of 5,000 steps of 100 is 100."""
    found = masked_mean(
        Encoded(ops.full((1, 5000, 1, 2), 100.0, dtype), ops.ones((1, 5000), "bool"))
    )
    assert ops.convert_to_numpy(ops.cast(found, "float32")).tolist() == [[100, 100]]


def test_memory_is_steps_then_regions():
    """The memory has all regions of the first step, then of the second; padding is zero and masked."""
    memory, mask = map(ops.convert_to_numpy, as_memory(encoded()))
    assert memory.shape == (2, 12, 5)
    assert np.array_equal(memory[0, 8:], ops.convert_to_numpy(encoded().features)[0, 2])
    assert np.array_equal(mask, np.repeat(MASK, 4, axis=1))
    assert not memory[~mask].any()
