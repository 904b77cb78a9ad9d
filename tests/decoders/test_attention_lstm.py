"""The LSTM decoder with soft attention compared with its equations in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.attention_lstm import AttentionLstm
from lrcn_seq.records import Encoded
from tests.decoders.equations import (
    EXACT,
    array,
    attend,
    dense,
    lstm_step,
    randomize,
    sigmoid,
    step_logits,
    zero_state,
)

B, S, R, D, V, U, E, A, L = 3, 3, 2, 6, 11, 5, 4, 3, 7
MASK = np.array([[True, True, False], [True, False, False], [True, True, True]])
FEATURES = np.random.default_rng(0).normal(size=(B, S, R, D))
WORDS = np.random.default_rng(1).integers(0, V, (B, L)).astype("int32")
OPTIONS = [
    {},
    {"gate": False},
    {"deep_output": False},
    {"reader": 3},
    {"hierarchical": True},
    {"feature_units": 7, "initializer_range": 0.1},
]


def encoded(dtype="float64"):
    """Return features and mask as tensors."""
    return Encoded(ops.convert_to_tensor(FEATURES.astype(dtype)), ops.convert_to_tensor(MASK))


def built(dtype="float64", **options):
    """Return an attention decoder with random weights."""
    decoder = AttentionLstm(V, units=U, embedding=E, attention=A, dtype=dtype, **options)
    decoder(encoded(dtype), WORDS)
    randomize(decoder)
    return decoder


def regions_of(decoder, row):
    """Return the region features of a clip's real steps, with the reader's output appended."""
    regions, state = [], zero_state(decoder.reader.units if decoder.reader else 0)
    for step in FEATURES[row, MASK[row]]:
        if decoder.reader:
            state = lstm_step(decoder.reader, step.mean(0), state)
        regions += [np.concatenate([region, state[0]]) for region in step]
    if decoder.feature is not None:
        return [dense(decoder.feature, region) for region in regions]
    return regions


def gated_attention(decoder, h, regions):
    """Return the context, multiplied by the gate if there is one, and the attention weights."""
    context, weights = attend(decoder.attention, h, regions)
    if decoder.gate is not None:
        context = sigmoid(dense(decoder.gate, h)) * context
    return context, weights


def equations(decoder, row, masks=(1, 1)):
    """Return logits (L, V) and weights (L, S·R) of a caption.

    The dropout masks apply to the embedded words and to the inputs of the output layer.
    """
    word_mask, output_mask = masks
    regions = regions_of(decoder, row)
    mean = sum(regions) / len(regions)
    state = np.tanh(dense(decoder.first_hidden, mean)), np.tanh(dense(decoder.first_cell, mean))
    logits, attention = [], []
    for y in array(decoder.embed.embeddings)[WORDS[row]] * word_mask:
        z, weights = gated_attention(decoder, state[0], regions)
        state = lstm_step(decoder.lstm, y, state, dense(decoder.context_gates, z))
        output = state[0]
        if decoder.deep:
            output = y + dense(decoder.deep[0], output) + dense(decoder.deep[1], z)
        logits.append(dense(decoder.output_words, output * output_mask))
        attention.append(np.pad(weights, (0, S * R - len(weights))))
    return np.stack(logits), np.stack(attention)


@pytest.mark.parametrize("options", OPTIONS)
def test_call_equals_the_equations(options):
    """Teacher-forced logits of the attention decoder equal those of its equations."""
    decoder = built(**options)
    expected = [equations(decoder, row)[0] for row in range(B)]
    assert np.abs(array(decoder(encoded(), WORDS)) - expected).max() < EXACT


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", EXACT), ("float32", 1e-5)])
def test_steps_equal_the_equations(options, dtype, tolerance):
    """Logits and attention of repeated `step` calls follow the equations; padding has weight 0."""
    decoder = built(dtype, **options)
    logits, attention = zip(*(equations(decoder, row) for row in range(B)), strict=True)
    memory, state = decoder.start(encoded(dtype))
    for step, word in enumerate(WORDS.T):
        out = decoder.step(ops.convert_to_tensor(word), state, memory)
        state = out.state
        for row in range(B):
            close = {"rtol": tolerance, "atol": tolerance}
            assert np.allclose(array(out.logits)[row], logits[row][step], **close)
            assert np.allclose(array(out.attention)[row], attention[row][step], **close)
        assert not array(out.attention)[~np.repeat(MASK, R, axis=1)].any()


def test_clip_of_padding_only():
    """A clip that consists of padding has finite logits and no attention."""
    decoder = built("float32")
    padding = Encoded(encoded("float32").features, ops.zeros((B, S), "bool"))
    memory, state = decoder.start(padding)
    out = decoder.step(ops.zeros((B,), "int32"), state, memory)
    assert np.isfinite(array(out.logits)).all()
    assert not array(out.attention).any()


@pytest.mark.parametrize("deep_output", [True, False])
def test_dropout_equals_the_equations(deep_output):
    """In training, each caption has one dropout mask for its words and one for the outputs."""
    keras.utils.set_random_seed(5)
    decoder = built(deep_output=deep_output, dropout=0.5)
    memory, state = decoder.start(encoded(), training=True)
    masks = [array(mask) for mask in memory[-1]]
    assert [set(mask.flat) for mask in masks] == [{0.0, 2.0}] * 2
    decoder.start = lambda *_, **__: (memory, state)
    logits = step_logits(decoder, encoded(), WORDS)
    for row in range(B):
        expected, _ = equations(decoder, row, [mask[row] for mask in masks])
        assert np.abs(logits[row] - expected).max() < EXACT


@pytest.mark.parametrize("rate", ["dropout", "feature_dropout"])
def test_dropout_is_drawn_once_per_caption(rate):
    """Dropout masks are drawn once per caption, by `start`."""
    keras.utils.set_random_seed(5)
    decoder = built("float32", **{rate: 0.5})
    word = ops.zeros((B,), "int32")
    memory, state = decoder.start(encoded("float32"), training=True)
    first, second = (array(decoder.step(word, state, memory).logits) for _ in range(2))
    memory, state = decoder.start(encoded("float32"))
    assert np.array_equal(first, second)
    assert not np.allclose(first, array(decoder.step(word, state, memory).logits), atol=1e-3)
