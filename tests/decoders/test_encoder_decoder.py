"""The LSTM encoder-decoder compared with its equations in NumPy."""

import keras
import numpy as np
from keras import ops

from lrcn_seq.decoders.encoder_decoder import EncoderDecoder
from lrcn_seq.records import Encoded
from tests.decoders.equations import (
    EXACT,
    array,
    dense,
    lstm_step,
    randomize,
    step_logits,
    zero_state,
)

B, S, R, D, U, E, V, L = 3, 5, 2, 4, 6, 5, 11, 4
LENGTHS = (5, 2, 3)
MASK = np.arange(S) < np.array(LENGTHS)[:, None]
FEATURES = np.random.default_rng(0).normal(size=(B, S, R, D))
ENCODED = Encoded(ops.convert_to_tensor(FEATURES), ops.convert_to_tensor(MASK))
WORDS = np.random.default_rng(1).integers(0, V, (B, L)).astype("int32")


def built(**options):
    """Return an encoder-decoder with random weights."""
    decoder = EncoderDecoder(V, units=U, embedding=E, layers=2, dtype="float64", **options)
    decoder(ENCODED, WORDS)
    randomize(decoder)
    return decoder


def equations(decoder, row, masks=(1, 1, 1)):
    """Return logits (L, V) of a clip; `masks` are dropout masks for words and layer outputs."""
    word_mask, *layer_masks = masks
    states = [zero_state(U), zero_state(U)]

    def run(stack, x):
        for index, layer in enumerate(stack):
            states[index] = lstm_step(layer, x, states[index])
            x = states[index][0] * layer_masks[index]
        return x

    for frame in FEATURES[row, : LENGTHS[row]].mean(1):
        run(decoder.readers, frame)
    embedded = array(decoder.embed.embeddings)[WORDS[row]] * word_mask
    return dense(decoder.output_words, np.stack([run(decoder.writers, x) for x in embedded]))


def test_call_equals_the_equations():
    """Teacher-forced logits equal those of the equations, which read real frames only."""
    decoder = built()
    expected = [equations(decoder, row) for row in range(B)]
    assert np.abs(array(decoder(ENCODED, WORDS)) - expected).max() < EXACT


def test_dropout_equals_the_equations():
    """In training, one dropout mask per caption applies to the words and to each layer's output."""
    keras.utils.set_random_seed(5)
    decoder = built(dropout=0.5)
    memory, state = decoder.start(ENCODED, training=True)
    masks = [array(mask) for mask in memory[-1]]
    assert [set(mask.flat) for mask in masks] == [{0.0, 2.0}] * 3
    decoder.start = lambda *_, **__: (memory, state)
    logits = step_logits(decoder, ENCODED, WORDS)
    for row in range(B):
        expected = equations(decoder, row, [mask[row] for mask in masks])
        assert np.abs(logits[row] - expected).max() < EXACT


def test_feature_dropout_falls_on_the_features():
    """Feature dropout applies to the features of the frames."""
    keras.utils.set_random_seed(5)
    decoder = built(feature_dropout=0.999)
    zeros = Encoded(ops.zeros_like(ENCODED.features), ENCODED.mask)
    dropped, expected = decoder.start(ENCODED, training=True)[1], decoder.start(zeros)[1]
    for tensor, other in zip(*map(keras.tree.flatten, (dropped, expected)), strict=True):
        assert np.allclose(array(tensor), array(other))
