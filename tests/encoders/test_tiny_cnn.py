"""The encoder tiny_cnn compared with NumPy."""

import numpy as np
import pytest

from lrcn_seq.encoders.tiny_cnn import TinyCnn, region_coordinates
from lrcn_seq.layers.packing import pack
from tests.encoders.equations import array, convolve, max_pool

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32, 3)).astype("uint8")
MASK = np.array([[True, True, False], [True, False, False]])


def features(encoder, pixels=PIXELS):
    """Return features (B, T, R, D) as an array."""
    return array(encoder(pack(pixels)).features)


def same_weights(**options):
    """Return a `grid` encoder and an encoder with other options and equal weights."""
    grid, other = (TinyCnn(size=32, blocks=3, filters=4, **kind) for kind in ({}, options))
    features(grid)
    features(other)
    other.set_weights(grid.get_weights())
    return grid, other


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({"blocks": 3, "filters": 4}, (2, 3, 16, 16)),
        ({"blocks": 2, "filters": 8, "output": "pooled"}, (2, 3, 1, 16)),
    ],
)
def test_shape(options, shape):
    """Size, blocks and filters determine the number of regions and the width of features."""
    assert features(TinyCnn(size=32, **options)).shape == shape


def test_blocks_equal_the_equations():
    """A block of tiny_cnn is convolution, batch normalization, ReLU and 2×2 max pooling."""
    encoder = TinyCnn(size=5, blocks=2, filters=2)
    pixels = PIXELS[:1, :1, :5, :5]
    found = features(encoder, pixels)[0, 0]
    x = pixels[0, 0] / 127.5 - 1
    for layer in encoder.network.layers[::4]:
        x = max_pool(np.maximum(convolve(x, array(layer.kernel)) / np.sqrt(1 + 1e-3), 0), (0, 1))
    assert np.allclose(found, x.reshape(-1, 4), atol=1e-5)


def test_batch_norm_statistics_exclude_padding():
    """Batch statistics of a training step depend on real frames only."""

    def moving(pixels):
        encoder = TinyCnn(size=32, blocks=1, filters=4)
        encoder.network.layers[0].set_weights([np.random.default_rng(1).normal(size=(3, 3, 3, 4))])
        encoder(pack(pixels, MASK), training=True)
        return np.concatenate([array(weight) for weight in encoder.non_trainable_variables])

    other_padding = np.where(MASK[:, :, None, None, None], PIXELS, 255 - PIXELS)
    assert np.array_equal(moving(PIXELS), moving(other_padding))
    assert not np.allclose(moving(PIXELS)[:4], 0)


def test_pooled_is_the_mean_of_the_regions():
    """With `output: pooled`, the feature of a frame is the mean over the regions of `grid`."""
    grid, pooled = same_weights(output="pooled")
    assert np.allclose(features(pooled), features(grid).mean(2, keepdims=True), atol=1e-6)


def test_flat_is_the_concatenation_of_the_regions():
    """With `output: flat`, the feature of a frame is the concatenation of the regions of `grid`."""
    grid, flat = same_weights(output="flat")
    assert np.allclose(features(flat), features(grid).reshape(2, 3, 1, -1), atol=1e-6)


def test_coordinates_extend_each_region():
    """With `coordinates`, the last features of a region are its row and column, from −1 to 1."""
    grid, located = same_weights(coordinates=True)
    found = features(located)
    thirds = np.array([-1, -1 / 3, 1 / 3, 1])
    assert np.allclose(found[..., :-2], features(grid), atol=1e-6)
    for region in range(16):
        expected = [thirds[region // 4], thirds[region % 4]]
        assert np.allclose(found[:, :, region, -2:], expected, atol=1e-6)


def test_pooled_coordinates_are_a_soft_argmax():
    """With `coordinates`, a pooled channel yields a softmax-weighted mean and position."""
    grid, located = same_weights(coordinates=True, output="pooled")
    regions = features(grid)
    weights = np.exp(regions) / np.exp(regions).sum(2, keepdims=True)
    thirds = np.linspace(-1, 1, 4)
    rows, columns = thirds.repeat(4)[:, None], np.tile(thirds, 4)[:, None]
    expected = [(weights * values).sum(2) for values in (regions, rows, columns)]
    assert np.allclose(features(located)[:, :, 0], np.concatenate(expected, -1), atol=1e-5)


def test_region_coordinates():
    """Region coordinates are listed row by row; the only column of a grid has coordinate −1."""
    assert array(region_coordinates(2, 3, "float32"))[0].tolist() == [
        [-1, -1], [-1, 0], [-1, 1], [1, -1], [1, 0], [1, 1],
    ]  # fmt: skip
    assert array(region_coordinates(2, 1, "float32"))[0].tolist() == [[-1, -1], [1, -1]]
