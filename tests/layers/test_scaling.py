"""Pixel scalings against those of keras.applications."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.scaling import scale

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 3)).astype("uint8")


@pytest.mark.parametrize(
    ("scaling", "module"),
    [("tf", "mobilenet_v2"), ("caffe", "vgg16"), ("torch", "densenet"), ("none", "convnext")],
)
def test_equals_keras(scaling, module):
    """A scaling equals what the module of a network that needs it does."""
    expected = getattr(keras.applications, module).preprocess_input(PIXELS.astype("float32"))
    assert np.allclose(ops.convert_to_numpy(scale(PIXELS, scaling)), expected, atol=1e-5)


def test_unit():
    """Unit brings 0 to 255 to 0 to 1."""
    assert np.allclose(ops.convert_to_numpy(scale(PIXELS, "unit")), PIXELS / 255)


def test_the_released_mean_differs_in_red_only():
    """By five; the order is blue, green, red."""
    caffe, released = (
        ops.convert_to_numpy(scale(PIXELS, name)) for name in ("caffe", "caffe_lrcn")
    )
    assert np.allclose(caffe - released, [0, 0, 5], atol=1e-4)


def test_flow_that_stands_still_is_zero():
    """128 is the code of no motion."""
    assert np.array_equal(
        ops.convert_to_numpy(scale(PIXELS, "flow")), PIXELS.astype("float32") - 128
    )


def test_unknown():
    """Another name is refused with the known ones."""
    with pytest.raises(ArgumentError, match="Received: scaling='imagenet'"):
        scale(PIXELS, "imagenet")
