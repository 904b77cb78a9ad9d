"""The encoder of stored vectors."""

import numpy as np
import pytest

from lrcn_seq.encoders.vectors import Vectors
from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.packing import pack
from tests.encoders.equations import array


def test_vectors_are_the_features():
    """Without normalization, vectors are returned unchanged as one region."""
    x = np.random.default_rng(0).normal(size=(2, 3, 5)).astype("float32")
    assert np.array_equal(array(Vectors(5)(pack(x)).features), x[:, :, None])


def test_l2_normalization():
    """`normalize: l2` scales vectors to length 1 and keeps zero vectors."""
    x = np.array([[[3.0, 4.0], [0.0, 0.0]]], "float32")
    features = array(Vectors(2, normalize="l2")(pack(x)).features)
    assert np.allclose(features[0, :, 0], [[0.6, 0.8], [0, 0]])


def test_published_properties():
    """The encoder takes vectors, and has neither preprocessing nor trainable weights."""
    encoder = Vectors(5)
    assert (encoder.takes, encoder.width, encoder.preprocessing) == ("vectors", 5, None)
    assert encoder.frozen


def test_vectors_of_another_width():
    """The error for vectors of the wrong width states both widths."""
    message = r"Expected vectors of width 5. Received: vectors of width 4"
    with pytest.raises(ArgumentError, match=message):
        Vectors(5)(pack(np.ones((1, 1, 4), "float32")))
