"""Reading of clips from a feature store, compared with clips that are encoded again."""

import numpy as np
import pytest

from lrcn_seq.data.batches.loader import ClipReader
from lrcn_seq.data.clip_selection import evaluation_clips
from lrcn_seq.data.media.reader import MediaReader
from lrcn_seq.data.samplings import registry as samplings
from lrcn_seq.features.extraction import extract, items_of
from lrcn_seq.features.feature_reader import FeatureReader, packed_index
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.records import Preprocessing

SLIDING = samplings.build({"type": "sliding", "length": 6, "stride": 2})


@pytest.fixture
def store(tmp_path):
    """Return an empty feature store of float32."""
    return FeatureStore(tmp_path, "encoder", "float32")


def test_all_features_of_samples_are_read(store):
    """The feature reader packs clips of different lengths in the requested order, with repeats."""
    rows = [
        np.random.default_rng(n).normal(size=(n + 1, 2, 3)).astype(np.float32) for n in range(4)
    ]
    store.append([str(n) for n in range(4)], rows)
    clips = FeatureReader(store, ["3", "2", "1", "0"])(np.array([3, 0, 3, 2]))
    np.testing.assert_array_equal(
        clips.frames, np.concatenate([rows[0], rows[3], rows[0], rows[1]])
    )
    np.testing.assert_array_equal(
        clips.index, [[0, -1, -1, -1], [1, 2, 3, 4], [5, -1, -1, -1], [6, 7, -1, -1]]
    )


def test_stored_windows_equal_windows_read_from_media(store, counters):
    """Overlapping windows read from a store equal windows encoded from the media."""

    def encode(frames):
        return frames.reshape(len(frames), 1, -1)[:, :, :6].astype(np.float32)

    media = MediaReader("clips", Preprocessing(8, 8))
    items, _ = items_of(counters, media, sampling=SLIDING)
    extract(store, items, encode)
    times = [media.times(sample.media) for sample in counters]
    selections = evaluation_clips(times, SLIDING)
    keys, candidates = [item.key for item in items], [SLIDING.candidates(clip) for clip in times]
    select = selections.__getitem__
    everything = np.arange(len(selections))
    stored = FeatureReader(store, keys, select=select, stored=candidates)(everything)
    direct = ClipReader(counters, media, select=select)(everything)
    real = direct.index >= 0
    np.testing.assert_array_equal(stored.index >= 0, real)
    np.testing.assert_array_equal(
        stored.frames[stored.index[real]], encode(direct.frames)[direct.index[real]]
    )
    assert len(store.rows()) == 5 + 20 + 11
    assert real.sum() == 77


def test_the_index_of_packed_clips():
    """The index of packed clips numbers the frames of all clips and pads shorter clips with −1."""
    np.testing.assert_array_equal(packed_index([2, 0, 1]), [[0, 1], [-1, -1], [2, -1]])
    assert packed_index([2]).dtype == np.int32
    assert packed_index([]).shape == (0, 0)
