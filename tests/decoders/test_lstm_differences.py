"""The LSTM over differences compared with the LSTM over frames and with NumPy."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.lstm_differences import LstmDifferences
from lrcn_seq.records import Encoded
from tests.decoders.equations import array, dense, lstm_step, zero_state

B, S, R, D, U, C = 3, 5, 2, 4, 6, 7
MASK = np.array([[1, 1, 1, 1, 1], [1, 0, 1, 1, 0], [0, 1, 0, 0, 0]], bool)
FEATURES = np.random.default_rng(0).normal(size=(B, S, R, D)).astype("float32")
ENCODED = Encoded(ops.convert_to_tensor(FEATURES), ops.convert_to_tensor(MASK))
MEASURES = {"absolute": np.abs, "signed": np.asarray}


def expected_logits(decoder, clip, measure):
    """Return the logits (S', C) of a clip (S', D) without padding."""
    state, logits = zero_state(U), []
    for t, x in enumerate(clip):
        difference = measure(x - clip[t - 1]) if t else np.zeros(D)
        state = lstm_step(decoder.stack[0], difference, state)
        logits.append(dense(decoder.labels, state[0]))
    return np.stack(logits)


@pytest.mark.parametrize("difference", MEASURES)
def test_logits_at_every_real_step(difference):
    """The input at a step is the difference from the real step before; 0 at the first one."""
    decoder = LstmDifferences(C, units=U, difference=difference)
    logits, mask = decoder(ENCODED)
    assert np.array_equal(array(mask), MASK)
    for row, real in enumerate(MASK):
        clip = FEATURES[row, real].mean(1)
        expected = expected_logits(decoder, clip, MEASURES[difference])
        assert np.allclose(array(logits)[row, real], expected, atol=1e-5)


def test_a_still_clip_is_like_any_other():
    """A constant added to all frames of a clip does not change the logits."""
    decoder = LstmDifferences(C, units=U, bidirectional=True, output="last")
    moved = Encoded(ops.convert_to_tensor(FEATURES + np.arange(D, dtype="float32")), MASK)
    assert np.allclose(array(decoder(ENCODED)[0]), array(decoder(moved)[0]), atol=1e-5)


def test_streaming_begins_without_a_difference():
    """Streaming gives the logits of the call, with no difference at the first step."""
    decoder = LstmDifferences(C, units=U)
    clip = Encoded(ENCODED.features, np.ones((B, S), bool))
    expected, state = array(decoder(clip)[0]), decoder.initial_state(B)
    for step in range(S):
        logits, state = decoder.step(ENCODED.features[:, step], state)
        assert np.allclose(array(logits), expected[:, step], atol=1e-5)
