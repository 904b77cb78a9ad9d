"""The 3-D convolutional network compared with NumPy."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.encoders.conv3d import Conv3d, max_pool_pairs, max_pool_space
from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.packing import pack
from tests.encoders.equations import array, convolve, max_pool

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (2, 5, 6, 6, 3)).astype("uint8")


@pytest.mark.parametrize(("stride", "steps"), [(1, 5), (2, 3), (4, 2)])
def test_features_equal_the_equations(stride, steps):
    """The features of conv3d equal those of convolutions, ReLU and max pooling in NumPy."""
    encoder = Conv3d(size=6, filters=2, blocks=2, stride=stride)
    found = array(encoder(pack(PIXELS)).features)
    for clip, features in zip(PIXELS, found, strict=True):
        x = clip / 127.5 - 1
        for block, layer in enumerate(encoder.convolutions):
            x = np.maximum(convolve(x, array(layer.kernel)) + array(layer.bias), 0)
            x = max_pool(x, (0, 1, 2) if 2**block < stride else (1, 2))
        assert features.shape == (steps, 4, 4)
        assert np.allclose(features, x.reshape(steps, 4, 4), atol=1e-4)


def test_padding_does_not_reach_real_frames():
    """The features of a short clip do not depend on the padding of its batch."""
    mask = np.array([[True] * 5, [True] * 2 + [False] * 3])
    encoder = Conv3d(size=6, filters=2, blocks=3)
    for layer in encoder.convolutions:
        layer.bias.assign(ops.ones_like(layer.bias))
    features, real = encoder(pack(PIXELS, mask))
    alone = array(encoder(pack(PIXELS[1:, :2])).features)
    assert np.allclose(array(features)[1, :2], alone[0], atol=1e-5)
    assert np.array_equal(array(real), mask)


def test_pooled_is_the_mean_of_the_regions():
    """With `output: pooled`, the feature of a step is the mean over the regions of `grid`."""
    grid, pooled = (Conv3d(size=6, filters=2, blocks=1, output=o) for o in ("grid", "pooled"))
    pooled.set_weights(grid.get_weights())
    expected = array(grid(pack(PIXELS)).features).mean(2, keepdims=True)
    assert np.allclose(array(pooled(pack(PIXELS)).features), expected, atol=1e-5)


@pytest.mark.parametrize("stride", [3, 8])
def test_stride_is_a_power_of_2_within_the_blocks(stride):
    """The error for an invalid stride states the largest possible stride."""
    with pytest.raises(ArgumentError, match=rf"at most 2\^blocks = 4. Received: stride={stride}"):
        Conv3d(blocks=2, stride=stride)


def test_single_frames_are_not_encoded():
    """`encode_frames` of conv3d raises an error, since the network needs clips."""
    with pytest.raises(ArgumentError, match=r"Expected clips: conv3d mixes frames over time"):
        Conv3d(size=6, blocks=1).encode_frames(PIXELS[0])


def test_max_pool_pairs_keeps_an_odd_last_element():
    """Max pooling over pairs keeps the last of an odd number of elements."""
    x = ops.convert_to_tensor(np.array([[1.0, 3.0, 2.0, 0.0, 5.0]], "float32"))
    assert array(max_pool_pairs(x)).tolist() == [[3, 2, 5]]


def test_max_pool_space():
    """Spatial max pooling takes the maximum over squares of pixels within each frame."""
    x = RNG.uniform(size=(1, 3, 4, 5, 2)).astype("float32")
    assert np.array_equal(array(max_pool_space(ops.convert_to_tensor(x))), max_pool(x, (2, 3)))
