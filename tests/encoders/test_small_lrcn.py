"""The CNN of small_lrcn; tests/tasks/test_seed_models.py compares the whole model."""

import keras
import numpy as np

from lrcn_seq.encoders.small_lrcn import SmallLrcn
from lrcn_seq.layers.packing import pack
from tests.encoders.equations import array

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 3, 64, 64, 3)).astype("uint8")


def features(encoder, training=False):
    """Return features (B, T, R, D) as an array."""
    return array(encoder(pack(PIXELS), training=training).features)


def test_width_at_64_pixels():
    """A frame of 64×64 pixels has one feature vector of width 64."""
    assert features(SmallLrcn()).shape == (2, 3, 1, 64)


def test_dropout_acts_in_training_only():
    """Dropout of small_lrcn changes the features in training only."""
    keras.utils.set_random_seed(5)
    encoder, without = SmallLrcn(dropout=0.5), SmallLrcn(dropout=0.0)
    assert not np.allclose(features(encoder, training=True), features(encoder), atol=1e-3)
    assert np.array_equal(features(without, training=True), features(without))


def test_the_last_block_has_no_dropout():
    """The last block of small_lrcn has no dropout."""
    layers = [type(layer).__name__ for layer in SmallLrcn().network.layers]
    assert layers.count("Dropout") == 3
    assert layers[-2:] == ["MaxPooling2D", "Flatten"]


def test_pixels_are_scaled_to_0_to_1():
    """The network of small_lrcn reads pixels scaled to the range from 0 to 1."""
    encoder = SmallLrcn()
    expected = array(encoder.network(PIXELS[0].astype("float32") / 255))
    assert np.allclose(features(encoder)[0, :, 0], expected, atol=1e-6)
