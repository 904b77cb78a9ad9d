"""Vectors in place of frames."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.encoders.vectors import Vectors
from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.packing import pack


def test_pass_as_they_are():
    """Vectors are the features, and the encoder is frozen."""
    x = np.random.default_rng(0).normal(size=(2, 3, 5)).astype("float32")
    encoder = Vectors(5)
    assert np.array_equal(ops.convert_to_numpy(encoder(pack(x)).features), x[:, :, None])
    assert encoder.frozen
    assert encoder.preprocessing is None


def test_normalized():
    """`l2` brings every vector to length 1 and leaves zero alone."""
    x = np.array([[[3.0, 4.0], [0.0, 0.0]]], "float32")
    found = ops.convert_to_numpy(Vectors(2, normalize="l2")(pack(x)).features)
    assert np.allclose(found[0, :, 0], [[0.6, 0.8], [0, 0]])


def test_other_width():
    """Vectors of another width are refused with both widths."""
    with pytest.raises(
        ArgumentError, match=r"Expected vectors of width 5. Received: vectors of width 4"
    ):
        Vectors(5)(pack(np.ones((1, 1, 4), "float32")))
