"""Compiled classifiers of whole clips and of streamed frames."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.lstm_frames import LstmFrames
from lrcn_seq.encoders.tiny_cnn import TinyCnn
from lrcn_seq.records import Clips
from lrcn_seq.tasks._classifier import Classifier, StreamingClassifier
from tests.tasks.inputs import log_softmax

FRAMES = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3)).astype("uint8")
CLIPS = Clips(FRAMES, np.array([[0, 1, 2], [3, 4, -1]], "int32"))


@pytest.fixture(scope="module")
def parts():
    """Return an encoder and a decoder over four classes."""
    keras.utils.set_random_seed(0)
    encoder = TinyCnn(size=16, filters=4, blocks=1, output="pooled")
    decoder = LstmFrames(4, units=6, dropout=0.5)
    decoder(encoder(CLIPS))
    return encoder, decoder


def test_the_classifier_gives_distributions(parts):
    """The classifier returns the softmax of the inference logits and the mask of real frames."""
    encoder, decoder = parts
    probabilities, mask = Classifier(encoder, decoder).predict_on_batch(CLIPS)
    logits, _ = decoder(encoder(CLIPS, training=False), training=False)
    np.testing.assert_allclose(probabilities, np.exp(log_softmax(logits)), atol=1e-5)
    np.testing.assert_array_equal(mask, CLIPS.index >= 0)


def test_the_streaming_classifier_follows_the_steps_of_the_decoder(parts):
    """A streaming classifier that resumes from its state gives the same outputs as one pass."""
    encoder, decoder = parts
    model = StreamingClassifier(encoder, decoder, 4)
    state = keras.tree.map_structure(ops.convert_to_numpy, decoder.initial_state(1))
    first, middle = model.predict_on_batch((FRAMES[:3], state))
    second, _ = model.predict_on_batch((FRAMES[3:], middle))
    expected, state = [], decoder.initial_state(1)
    for feature in encoder.encode_frames(FRAMES, training=False):
        logits, state = decoder.step(feature[None], state)
        expected.append(np.exp(log_softmax(logits))[0])
    assert first.shape == (3, 4)
    np.testing.assert_allclose(np.concatenate([first, second]), expected, atol=1e-5)
