"""The CNN of blog_lrcn; tests/tasks/test_seed_models.py compares the whole model."""

import keras
import numpy as np

from lrcn_seq.encoders.blog_lrcn import BlogLrcn
from lrcn_seq.layers.packing import pack
from tests.encoders.equations import array

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 3, 80, 80, 3)).astype("uint8")


def test_width_at_80_pixels():
    """A frame of 80×80 pixels has one feature vector of width 1024."""
    assert BlogLrcn()(pack(PIXELS)).features.shape == (2, 3, 1, 1024)


def test_about_70_percent_of_features_are_dropped_in_training():
    """By default, blog_lrcn drops about 70 percent of its features in training."""
    keras.utils.set_random_seed(5)
    encoder = BlogLrcn()
    inference, training = (
        array(encoder(pack(PIXELS), training=mode).features) for mode in (False, True)
    )
    assert 0.6 < 1 - (training != 0).sum() / (inference != 0).sum() < 0.8


def test_pixels_are_scaled_to_0_to_1():
    """The network of blog_lrcn reads pixels scaled to the range from 0 to 1."""
    encoder = BlogLrcn(dropout=0.0)
    expected = array(encoder.network(PIXELS[0].astype("float32") / 255))
    assert np.allclose(array(encoder(pack(PIXELS)).features)[0, :, 0], expected, atol=1e-6)
