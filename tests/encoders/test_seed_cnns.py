"""The CNNs of the two seed models in training; tests/tasks/test_seed_models.py compares the whole models."""

import numpy as np
from keras import ops

from lrcn_seq.encoders.blog_lrcn import BlogLrcn
from lrcn_seq.layers.packing import pack


def test_dropout_of_the_blog():
    """In training about 70 % of the blog's features are dropped."""
    encoder = BlogLrcn()
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 80, 80, 3)).astype("uint8")
    quiet, noisy = (
        ops.convert_to_numpy(encoder(pack(pixels), training=mode).features)
        for mode in (False, True)
    )
    assert 0.6 < 1 - (noisy != 0).sum() / (quiet != 0).sum() < 0.8
