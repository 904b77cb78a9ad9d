"""The contracts of decoders, tested on decoders with known logits."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.base import FrameDecoder, WordDecoder
from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Encoded, StepOutput
from tests.decoders.equations import array

V, B, L = 5, 3, 6
NEXT_LOGITS = np.random.default_rng(0).normal(size=(V, V)).astype("float32")
WORDS = np.random.default_rng(1).integers(0, V, (B, L)).astype("int32")
ENCODED = Encoded(np.zeros((B, 1, 1, 1), "float32"), np.ones((B, 1), bool))


class TableDecoder(WordDecoder):
    """A word decoder whose logits are a function of the last word only."""

    vocabulary_size = V

    def start(self, encoded, *, training=False):
        return (), ops.zeros((B,))

    def step(self, word, state, memory):
        return StepOutput(ops.take(ops.convert_to_tensor(NEXT_LOGITS), word, axis=0), None, state)

    def hidden(self, encoded, words, training=False):
        return ops.one_hot(words, V)

    def project(self, hidden):
        return ops.matmul(hidden, ops.convert_to_tensor(NEXT_LOGITS))


class WholeClip(FrameDecoder):
    """A frame decoder that is not causal."""

    def call(self, encoded, training=False):
        return ops.mean(encoded.features, axis=(1, 2))[:, None], encoded.mask[:, :1]


def sampled(probability, uniforms):
    """Return the logits of scheduled sampling with the table decoder."""
    words, uniforms = map(ops.convert_to_tensor, (WORDS, uniforms.astype("float32")))
    return array(TableDecoder().sampled(ENCODED, words, probability=probability, uniforms=uniforms))


def test_call_projects_the_hidden_outputs():
    """Calling a decoder returns the logits after each given word."""
    logits = array(TableDecoder()(ENCODED, ops.convert_to_tensor(WORDS)))
    assert np.allclose(logits, NEXT_LOGITS[WORDS], atol=1e-6)


def test_sampling_with_probability_0_feeds_the_given_words():
    """Scheduled sampling with probability 0 feeds the given words."""
    assert np.allclose(sampled(0.0, np.zeros((L, B))), NEXT_LOGITS[WORDS], atol=1e-6)


def test_sampling_feeds_predicted_words():
    """Scheduled sampling feeds the predicted word if the random number is below the probability."""
    uniforms = np.random.default_rng(3).uniform(size=(L, B))
    replaced = uniforms < 0.5
    for row in range(B):
        logits, word = [], WORDS[row, 0]
        for step in range(L):
            if step:
                word = logits[-1].argmax() if replaced[step, row] else WORDS[row, step]
            logits.append(NEXT_LOGITS[word])
        assert np.allclose(sampled(0.5, uniforms)[row], logits, atol=1e-6)


def test_sampling_never_replaces_the_first_word():
    """Scheduled sampling never replaces the first word."""
    logits = sampled(1.0, np.zeros((L, B)))
    assert np.allclose(logits[:, 0], NEXT_LOGITS[WORDS[:, 0]], atol=1e-6)
    assert np.allclose(logits[:, 1], NEXT_LOGITS[logits[:, 0].argmax(-1)], atol=1e-6)


@pytest.mark.parametrize(
    ("call", "received"),
    [
        (lambda decoder: decoder.initial_state(2), "batch=2"),
        (lambda decoder: decoder.step(np.zeros((2, 1, 4)), ()), r"features of shape \(2, 1, 4\)"),
    ],
    ids=["initial_state", "step"],
)
def test_a_decoder_that_is_not_causal_does_not_stream(call, received):
    """Streaming with a non-causal decoder raises an error that suggests another decoder."""
    message = rf"Expected a causal decoder: test_base .* Received: {received}; choose lstm_frames"
    with pytest.raises(ArgumentError, match=message):
        call(WholeClip())


def test_defaults_of_frame_decoders():
    """By default, a frame decoder is not causal and gives one prediction per clip."""
    assert not WholeClip().causal
    assert not WholeClip().every_step


def test_subclasses_are_registered_for_saved_models():
    """Saved models name a decoder `lrcn_seq>CLASS`, although its class has no decorator."""
    assert keras.saving.get_registered_object("lrcn_seq>TableDecoder") is TableDecoder
    assert keras.saving.get_registered_name(WholeClip) == "lrcn_seq>WholeClip"
