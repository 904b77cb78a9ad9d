"""The decoder with an attention LSTM and a language LSTM, compared with its equations in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.up_down import UpDown
from lrcn_seq.records import Encoded
from tests.decoders.equations import (
    EXACT,
    array,
    attend,
    dense,
    lstm_step,
    randomize,
    step_logits,
    zero_state,
)

B, S, R, D, V, U, E, A, L = 3, 3, 2, 6, 11, 5, 4, 3, 4
MASK = np.array([[True, True, False], [True, False, False], [True, True, True]])
FEATURES = np.random.default_rng(0).normal(size=(B, S, R, D))
WORDS = np.random.default_rng(1).integers(0, V, (B, L)).astype("int32")
OPTIONS = [{}, {"hierarchical": True}, {"feature_units": 7, "initializer_range": 0.1}]


def encoded(mask=MASK):
    """Return features and mask as tensors."""
    return Encoded(ops.convert_to_tensor(FEATURES), ops.convert_to_tensor(mask))


def built(**options):
    """Return a decoder with random weights."""
    decoder = UpDown(V, units=U, embedding=E, attention=A, dtype="float64", **options)
    decoder(encoded(), WORDS)
    randomize(decoder)
    return decoder


def equations(decoder, row, masks=(1, 1)):
    """Return logits (L, V) and weights (L, S·R) of a caption.

    The dropout masks apply to the embedded words and to the output of the language LSTM.
    """
    regions = FEATURES[row, MASK[row]].reshape(-1, D)
    if decoder.feature is not None:
        regions = dense(decoder.feature, regions)
    mean = regions.mean(0)
    first, second = zero_state(U), zero_state(U)
    logits, attention = [], []
    for y in array(decoder.embed.embeddings)[WORDS[row]] * masks[0]:
        others = dense(decoder.image_gates, mean) + dense(decoder.language_gates, second[0])
        first = lstm_step(decoder.attention_lstm, y, first, others)
        context, weights = attend(decoder.attention, first[0], regions)
        others = dense(decoder.context_gates, context)
        second = lstm_step(decoder.language_lstm, first[0], second, others)
        logits.append(dense(decoder.output_words, second[0] * masks[1]))
        attention.append(np.pad(weights, (0, S * R - len(weights))))
    return np.stack(logits), np.stack(attention)


@pytest.mark.parametrize("options", OPTIONS)
def test_call_and_steps_equal_the_equations(options):
    """Logits of `call` and `step` follow the equations, and attention is 0 at padding."""
    decoder = built(**options)
    logits, attention = map(np.stack, zip(*(equations(decoder, n) for n in range(B)), strict=True))
    assert np.abs(array(decoder(encoded(), WORDS)) - logits).max() < EXACT
    memory, state = decoder.start(encoded())
    for place in range(L):
        out = decoder.step(ops.convert_to_tensor(WORDS[:, place]), state, memory)
        state = out.state
        assert np.abs(array(out.logits) - logits[:, place]).max() < EXACT
        assert np.abs(array(out.attention) - attention[:, place]).max() < EXACT


def test_dropout_equals_the_equations():
    """In training, each caption has one dropout mask for its words and one for the outputs."""
    keras.utils.set_random_seed(5)
    decoder = built(dropout=0.5)
    memory, state = decoder.start(encoded(), training=True)
    masks = [array(mask) for mask in memory[-1]]
    assert [mask.shape for mask in masks] == [(B, E), (B, U)]
    decoder.start = lambda *_, **__: (memory, state)
    logits = step_logits(decoder, encoded(), WORDS)
    call = array(decoder(encoded(), WORDS, training=True))
    for row in range(B):
        expected, _ = equations(decoder, row, [mask[row] for mask in masks])
        assert np.abs(logits[row] - expected).max() < EXACT
        assert np.abs(call[row] - expected).max() < EXACT


def test_dropout_of_features():
    """Dropout of the regions is drawn once per caption, by `start`, and only in training."""
    keras.utils.set_random_seed(5)
    decoder = built(feature_dropout=0.5)
    regions = [array(decoder.start(encoded(), training=flag)[0][0]) for flag in (True, False)]
    assert set(np.unique((regions[0] / regions[1])[np.repeat(MASK, R, axis=1)])) == {0.0, 2.0}


def test_clip_of_padding_only():
    """A clip that consists of padding has finite logits and no attention."""
    decoder = built()
    memory, state = decoder.start(encoded(np.zeros_like(MASK)))
    out = decoder.step(ops.zeros((B,), "int32"), state, memory)
    assert np.isfinite(array(out.logits)).all()
    assert not array(out.attention).any()
