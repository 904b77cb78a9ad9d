"""Pixel scalings compared with values computed by hand from their definitions."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.scaling import scale

PIXELS = [[0, 128, 255], [255, 51, 102]]  # RGB
EXPECTED = {
    "none": [[0, 128, 255], [255, 51, 102]],
    "unit": [[0, 0.50196078, 1], [1, 0.2, 0.4]],
    # keras.applications, mode "tf": x / 127.5 - 1
    "tf": [[-1, 0.00392157, 1], [1, -0.6, -0.2]],
    # keras.applications, mode "caffe": BGR minus (103.939, 116.779, 123.68)
    "caffe": [[151.061, 11.221, -123.68], [-1.939, -65.779, 131.32]],
    # like "caffe", but with a red mean of 128.68
    "caffe_lrcn": [[151.061, 11.221, -128.68], [-1.939, -65.779, 126.32]],
    # keras.applications, mode "torch": (x / 255 - (.485, .456, .406)) / (.229, .224, .225)
    "torch": [[-2.11790393, 0.20518207, 2.64], [2.24890830, -1.14285714, -0.02666667]],
    "flow": [[-128, 0, 127], [127, -77, -26]],
}


@pytest.mark.parametrize("scaling", EXPECTED)
def test_scale(scaling):
    """Each pixel scaling gives the values of its definition."""
    pixels = np.array(PIXELS, "uint8")[None]
    assert np.allclose(
        ops.convert_to_numpy(scale(pixels, scaling))[0], EXPECTED[scaling], atol=1e-5
    )


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float16", "float32"])
@pytest.mark.parametrize("scaling", EXPECTED)
def test_pixels_of_every_dtype_become_float32(scaling, dtype):
    """Pixels of every dtype are scaled to the same float32 values."""
    found = ops.convert_to_numpy(scale(np.array(PIXELS, dtype), scaling))
    assert found.dtype == "float32"
    assert np.allclose(found, EXPECTED[scaling], atol=1e-5)


def test_unknown_scaling():
    """The error for an unknown pixel scaling lists the known scalings."""
    with pytest.raises(ArgumentError, match=r"none, unit, tf, .*Received: scaling='imagenet'"):
        scale(np.zeros((1, 3)), "imagenet")
