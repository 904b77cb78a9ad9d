"""The decoder with adaptive attention compared with its equations in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.adaptive_attention import AdaptiveAttention
from lrcn_seq.records import Encoded
from tests.decoders.equations import (
    EXACT,
    array,
    dense,
    lstm_step,
    randomize,
    sigmoid,
    softmax,
    step_logits,
    zero_state,
)

B, S, R, D, V, U, E, A, L = 3, 3, 2, 6, 11, 5, 4, 3, 4
MASK = np.array([[True, True, False], [True, False, False], [True, True, True]])
FEATURES = np.random.default_rng(0).normal(size=(B, S, R, D))
WORDS = np.random.default_rng(1).integers(0, V, (B, L)).astype("int32")


def encoded(mask=MASK):
    """Return features and mask as tensors."""
    return Encoded(ops.convert_to_tensor(FEATURES), ops.convert_to_tensor(mask))


def built(**options):
    """Return a decoder with random weights."""
    decoder = AdaptiveAttention(V, units=U, embedding=E, attention=A, dtype="float64", **options)
    decoder(encoded(), WORDS)
    randomize(decoder)
    return decoder


def attend(decoder, h, regions, sentinel):
    """Return the softmax over the scores of the regions and, last, of the sentinel."""
    layer = decoder.attention
    keys = [*dense(layer.key, regions), dense(decoder.sentinel_key, sentinel)]
    return softmax(
        np.stack([dense(layer.score, np.tanh(k + dense(layer.query, h)))[0] for k in keys])
    )


def equations(decoder, row, masks=(1, 1)):
    """Return logits (L, V) and weights (L, S·R) of a caption.

    The dropout masks apply to the embedded words and to the inputs of the output layer.
    """
    features = FEATURES[row, MASK[row]].reshape(-1, D)
    regions = np.maximum(dense(decoder.feature, features), 0)
    v = np.maximum(dense(decoder.image, features.mean(0)), 0)
    image_gates = dense(decoder.image_gates, v)
    state, logits, attention = zero_state(U), [], []
    for y in array(decoder.embed.embeddings)[WORDS[row]] * masks[0]:
        gate = dense(decoder.sentinel_word, y) + dense(decoder.sentinel_hidden, state[0])
        state = lstm_step(decoder.lstm, y, state, image_gates[: 4 * U])
        sentinel = sigmoid(gate + image_gates[4 * U :]) * np.tanh(state[1])
        *alpha, beta = attend(decoder, state[0], regions, sentinel)
        context = np.array(alpha) / (1 - beta) @ regions  # c of equation 8
        adaptive = beta * sentinel + (1 - beta) * context
        logits.append(dense(decoder.output_words, (adaptive + state[0]) * masks[1]))
        attention.append(np.pad(alpha, (0, S * R - len(alpha))))
    return np.stack(logits), np.stack(attention)


def test_call_and_steps_equal_the_equations():
    """Logits of `call` and `step` follow the equations, and attention is 0 at padding."""
    decoder = built()
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


@pytest.mark.parametrize("training", [True, False])
def test_dropout_of_features(training):
    """Dropout of the regions is drawn by `start`, and only in training."""
    keras.utils.set_random_seed(5)
    decoder, plain = built(feature_dropout=0.5), built()
    regions = array(decoder.start(encoded(), training=training)[0][0])
    assert np.array_equal(regions, array(plain.start(encoded())[0][0])) != training


def test_clip_of_padding_only():
    """A clip of padding has finite logits, which rest on the sentinel alone."""
    decoder = built()
    memory, state = decoder.start(encoded(np.zeros_like(MASK)))
    out = decoder.step(ops.zeros((B,), "int32"), state, memory)
    assert np.isfinite(array(out.logits)).all()
    assert not array(out.attention).any()
