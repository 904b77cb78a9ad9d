"""Tests of `lrcn_seq.tasks._caption_rows`."""

import numpy as np
import pytest

from lrcn_seq.records import Encoded
from lrcn_seq.registry import decoders
from lrcn_seq.tasks._caption_rows import caption_rows, select_clips

FEATURES = np.arange(12, dtype="float32").reshape(3, 2, 1, 2)
MASK = np.array([[True, True], [True, False], [False, False]])
OWNER = np.array([1, 1, 0, 1], "int32")


def test_selected_clips_follow_the_owners():
    """`select_clips` repeats or drops features and masks according to the owners of captions."""
    selected = select_clips(Encoded(FEATURES, MASK), OWNER)
    np.testing.assert_array_equal(np.asarray(selected.features)[:, 0, 0, 0], [4, 4, 0, 4])
    np.testing.assert_array_equal(np.asarray(selected.mask), MASK[OWNER])


@pytest.mark.parametrize("name", ["lrcn", "transformer"])
def test_a_decoder_receives_features_of_clips_or_of_captions(name):
    """Decoders that share clips receive those with the owners, others the features of captions."""
    decoder = decoders.get(name)(vocabulary_size=5)
    encoded, rows = caption_rows(decoder, Encoded(FEATURES, MASK), OWNER)
    if decoder.shares_clips:
        assert encoded.features is FEATURES
        assert rows["owner"] is OWNER
    else:
        np.testing.assert_array_equal(np.asarray(encoded.features), FEATURES[OWNER])
        assert rows == {}
