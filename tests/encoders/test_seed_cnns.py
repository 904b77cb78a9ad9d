"""The CNNs of the two seed models, against their layer lists written out under keras.layers.TimeDistributed."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from lrcn_seq.encoders.blog_lrcn import BlogLrcn
from lrcn_seq.encoders.small_lrcn import SmallLrcn
from lrcn_seq.layers.packing import pack


def blog(size):
    def conv(filters, side=3, **options):
        return layers.Conv2D(filters, side, activation="relu", **{"padding": "same", **options})

    def pool():
        return layers.MaxPooling2D((2, 2), strides=(2, 2))

    listed = [conv(32, 7, strides=(2, 2)), conv(32, padding="valid"), pool(), conv(64), conv(64), pool(), conv(128), conv(128), pool(), conv(256), conv(256), pool(), layers.Flatten()]
    return keras.Sequential([keras.Input((3, size, size, 3)), *map(layers.TimeDistributed, listed)])


def small(size):
    listed = []
    for filters, pool in ((16, 4), (32, 4), (64, 2), (64, 2)):
        listed += [layers.Conv2D(filters, (3, 3), padding="same", activation="relu"), layers.MaxPooling2D((pool, pool))]
    return keras.Sequential([keras.Input((3, size, size, 3)), *map(layers.TimeDistributed, [*listed, layers.Flatten()])])


@pytest.mark.parametrize(("part", "listed", "size", "width"), [(BlogLrcn, blog, 80, 1024), (SmallLrcn, small, 64, 64)])
def test_equals_the_layer_list(part, listed, size, width):
    """With the weights copied over, features equal those of the list to 1e-5, and the parameters are as many."""
    ours, theirs = part(size=size), listed(size)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, size, size, 3)).astype("uint8")
    theirs.set_weights(ours.network.get_weights())
    found = ops.convert_to_numpy(ours(pack(pixels)).features)
    assert found.shape == (2, 3, 1, width)
    assert np.allclose(found[:, :, 0], ops.convert_to_numpy(theirs(pixels / np.float32(255))), atol=1e-5)
    assert ours.network.count_params() == theirs.count_params()


def test_dropout_of_the_blog():
    """In training about 70 % of the blog's features are dropped."""
    encoder = BlogLrcn()
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 80, 80, 3)).astype("uint8")
    quiet, noisy = (ops.convert_to_numpy(encoder(pack(pixels), training=mode).features) for mode in (False, True))
    assert 0.6 < 1 - (noisy != 0).sum() / (quiet != 0).sum() < 0.8
