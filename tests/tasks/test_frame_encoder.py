"""The compiled model that encodes frames in chunks."""

import keras
import numpy as np
import pytest

from lrcn_seq.encoders.conv3d import Conv3d
from lrcn_seq.encoders.tiny_cnn import TinyCnn
from lrcn_seq.records import Clips
from lrcn_seq.tasks import _frame_encoder
from lrcn_seq.tasks._frame_encoder import FrameEncoder

FRAMES = np.random.default_rng(0).integers(0, 256, (9, 16, 16, 3)).astype("uint8")
CLIPS = Clips(FRAMES, np.array([[0, 1, 2, 3, 4], [5, 6, 7, 8, -1]], "int32"))


@pytest.fixture(scope="module")
def model():
    """Return the frame encoder of a small CNN."""
    keras.utils.set_random_seed(0)
    encoder = TinyCnn(size=16, filters=4, blocks=1, output="pooled")
    encoder(CLIPS)
    return FrameEncoder(encoder)


@pytest.fixture
def calls(monkeypatch):
    """Limit encoder calls to four frames; return a list that records the size of each call."""
    counts = []
    monkeypatch.setattr(_frame_encoder, "FRAMES_PER_CALL", 4)

    def count(self, frames):
        counts.append(len(frames))
        return self(frames)

    monkeypatch.setattr(FrameEncoder, "predict_on_batch", count)
    return counts


def test_features_are_those_of_the_encoder(model):
    """The features of frames are those of the encoder in inference mode, as float32."""
    features = model.features(FRAMES)
    expected = np.asarray(model.encoder.encode_frames(FRAMES, training=False))
    assert features.shape == (9, 1, 4)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, expected, atol=1e-5)


def test_frames_are_encoded_in_chunks(model, calls):
    """The frame encoder processes at most `FRAMES_PER_CALL` frames per call."""
    expected = np.asarray(model.encoder.encode_frames(FRAMES, training=False))
    np.testing.assert_allclose(model.features(FRAMES), expected, atol=1e-5)
    assert calls == [4, 4, 1]


def test_half_precision_features_become_float32():
    """Features of a mixed-precision encoder are converted to float32."""
    encoder = TinyCnn(size=16, filters=4, blocks=1, output="pooled", dtype="mixed_bfloat16")
    assert FrameEncoder(encoder).features(FRAMES[:2]).dtype == np.float32


def test_large_batches_are_shortened_to_features(model, calls):
    """Frames of a large batch are replaced by features, without changing the encoder's result."""
    short = model.shorten(CLIPS)
    assert short.frames.shape == (9, 1, 4)
    assert short.index is CLIPS.index
    assert max(calls) == 4
    expected = model.encoder(CLIPS, training=False)
    np.testing.assert_allclose(
        np.asarray(model.encoder(short).features), np.asarray(expected.features), atol=1e-5
    )


@pytest.mark.parametrize("shape", [(4, 16, 16, 3), (9, 5), (9, 2, 4)])
def test_small_batches_vectors_and_features_are_unchanged(model, calls, shape):
    """Small batches, vectors and features are passed on unchanged."""
    clips = Clips(np.zeros(shape, "uint8"), np.arange(shape[0], dtype="int32")[None])
    assert model.shorten(clips) is clips
    assert calls == []


def test_encoders_that_mix_frames_receive_whole_clips(calls):
    """Frames of an encoder that mixes frames, such as a 3-D CNN, are not encoded one by one."""
    model = FrameEncoder(Conv3d(size=16, filters=2, blocks=1))
    assert model.shorten(CLIPS) is CLIPS


def test_small_batches_are_encoded_if_the_model_runs_eagerly(model, monkeypatch):
    """A model that runs eagerly replaces the frames of any batch by their features."""
    assert model.shorten(CLIPS) is CLIPS
    monkeypatch.setattr(model, "run_eagerly", True)
    found = model.shorten(CLIPS)
    expected = np.asarray(model.encoder.encode_frames(FRAMES, training=False))
    np.testing.assert_allclose(found.frames, expected, atol=1e-5)
    assert found.index is CLIPS.index
