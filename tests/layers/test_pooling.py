"""Reductions over features with padding, compared with NumPy."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.layers.pooling import (
    as_memory,
    feature_shape,
    masked_mean,
    pool_output,
    row_means,
    steps_first,
)
from lrcn_seq.records import Encoded

MASK = np.array([[True, False, True], [False, False, False]])


def random_features(padding):
    """Return random features (B, S, R, D) whose padding has the given value."""
    features = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float32")
    features[~MASK] = padding
    return features


def encoded(padding=np.nan):
    """Return the features and their mask as tensors."""
    return Encoded(*map(ops.convert_to_tensor, (random_features(padding), MASK)))


def test_mean_ignores_padding():
    """The masked mean covers only the regions of real steps, even if the padding is NaN."""
    found = ops.convert_to_numpy(masked_mean(encoded()))
    expected = random_features(np.nan)[0, [0, 2]].reshape(8, 5).mean(0)
    assert np.allclose(found[0], expected, atol=1e-6)


def test_mean_of_no_step_is_zero():
    """The masked mean of a clip without a real step is 0."""
    assert ops.convert_to_numpy(masked_mean(encoded()))[1].tolist() == [0] * 5


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_mean_of_many_steps_does_not_overflow(dtype):
    """The masked mean of many half-precision steps does not overflow."""
    features = Encoded(ops.full((1, 5000, 1, 2), 100.0, dtype), ops.ones((1, 5000), "bool"))
    found = masked_mean(features)
    assert ops.convert_to_numpy(ops.cast(found, "float32")).tolist() == [[100, 100]]


def test_memory_is_ordered_by_step_then_region():
    """The regions in the memory of a clip are ordered by step and then by region."""
    memory, _ = as_memory(encoded())
    memory = ops.convert_to_numpy(memory)
    assert memory.shape == (2, 12, 5)
    assert np.array_equal(memory[0, 9], random_features(0)[0, 2, 1])


def test_memory_is_masked():
    """The regions of a padded step are masked and zero in the memory."""
    memory, mask = map(ops.convert_to_numpy, as_memory(encoded()))
    assert mask.tolist() == [[True] * 4 + [False] * 4 + [True] * 4, [False] * 12]
    assert not memory[~mask].any()


def test_steps_first_averages_regions():
    """`steps_first` averages the regions and puts the step axis first, with real steps in front."""
    means, _ = steps_first(encoded(padding=0))
    expected = random_features(0).mean(axis=2)[:, [0, 2, 1]].transpose(1, 0, 2)
    assert np.allclose(ops.convert_to_numpy(means), expected, atol=1e-6)


def test_steps_first_counts_real_steps():
    """`steps_first` returns the number of real steps of each clip as int32."""
    lengths = ops.convert_to_numpy(steps_first(encoded())[1])
    assert lengths.tolist() == [2, 0]
    assert lengths.dtype == "int32"


@pytest.mark.parametrize(
    ("height", "thirds"),
    [(9, [(0, 3), (3, 6), (6, 9)]), (7, [(0, 3), (2, 5), (4, 7)]), (1, [(0, 1)] * 3)],
)
def test_means_of_thirds(height, thirds):
    """Row means are those of thirds, which overlap if 3 does not divide the height of a map."""
    maps = np.random.default_rng(0).normal(size=(2, height, 4, 5)).astype("float32")
    found = ops.convert_to_numpy(row_means(ops.convert_to_tensor(maps)))
    expected = np.stack([maps[:, a:b].mean((1, 2)) for a, b in thirds], 1)
    assert np.allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("output", "kind", "expected"),
    [
        ((None, 7, 5, 16), "grid", (35, 16)),
        ((None, 7, 5, 16), "pooled", (1, 16)),
        ((None, 7, 5, 16), "rows", (3, 16)),
        ((None, 50, 16), "grid", (50, 16)),
        ((None, 16), "fc2", (1, 16)),
        ((None, None, None, 16), "pooled", (1, 16)),
        ((None, None, None, 16), "grid", None),
    ],
)
def test_feature_shape_follows_from_the_output_of_the_network(output, kind, expected):
    """The feature shape has the number of regions of the output kind, unless sizes are unknown."""
    assert feature_shape(output, kind) == expected


def test_output_of_a_network_as_regions():
    """Maps become regions, their mean or row means; vectors become one region."""
    maps = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float32")

    def found(output, kind):
        return ops.convert_to_numpy(pool_output(ops.convert_to_tensor(output), kind))

    regions = maps.reshape(2, 12, 5)
    assert np.array_equal(found(maps, "grid"), regions)
    assert np.allclose(found(maps, "pooled"), maps.mean((1, 2))[:, None], atol=1e-6)
    assert np.allclose(found(maps, "rows"), maps.mean(2), atol=1e-6)
    assert np.allclose(found(regions, "pooled"), maps.mean((1, 2))[:, None], atol=1e-6)
    assert np.array_equal(found(maps[:, 0, 0], "pooled"), maps[:, :1, 0])
