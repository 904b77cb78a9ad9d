"""The decoder S2VT compared with its equations in NumPy."""

import keras
import numpy as np
from keras import ops

from lrcn_seq.decoders.s2vt import S2vt
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

B, S, R, D, U, E, F, V, L = 3, 5, 2, 4, 6, 5, 3, 11, 4
LENGTHS = (5, 2, 3)
MASK = np.arange(S) < np.array(LENGTHS)[:, None]
FEATURES = np.random.default_rng(0).normal(size=(B, S, R, D))
ENCODED = Encoded(ops.convert_to_tensor(FEATURES), ops.convert_to_tensor(MASK))
WORDS = np.random.default_rng(1).integers(0, V, (B, L)).astype("int32")


def built(**options):
    """Return an S2VT decoder with random weights."""
    decoder = S2vt(V, units=U, embedding=E, frame_units=F, dtype="float64", **options)
    decoder(ENCODED, WORDS)
    randomize(decoder)
    return decoder


def equations(decoder, row, masks=(1, 1, 1, 1)):
    """Return logits (L, V) of a clip; `masks` are dropout masks for frames, words and outputs."""
    frame_mask, word_mask, first_mask, second_mask = masks
    first, second = zero_state(U), zero_state(U)
    for feature in FEATURES[row, : LENGTHS[row]].mean(1):
        first = lstm_step(decoder.watcher, dense(decoder.frame, feature) * frame_mask, first)
        inputs = np.concatenate([first[0] * first_mask, np.zeros(E)])
        second = lstm_step(decoder.writer, inputs, second)
    outputs = []
    for embedded in array(decoder.embed.embeddings)[WORDS[row]]:
        first = lstm_step(decoder.watcher, np.zeros(F), first)
        inputs = np.concatenate([first[0] * first_mask, embedded * word_mask])
        second = lstm_step(decoder.writer, inputs, second)
        outputs.append(second[0] * second_mask)
    return dense(decoder.output_words, np.stack(outputs))


def test_call_equals_the_equations():
    """Teacher-forced logits of S2VT equal those of its equations, which skip padded frames."""
    decoder = built()
    expected = [equations(decoder, row) for row in range(B)]
    assert np.abs(array(decoder(ENCODED, WORDS)) - expected).max() < EXACT


def test_dropout_equals_the_equations():
    """In training, one dropout mask per caption applies to frames, words and layer outputs."""
    keras.utils.set_random_seed(5)
    decoder = built(dropout=0.5)
    memory, state = decoder.start(ENCODED, training=True)
    masks = [array(mask) for mask in memory[-1]]
    assert [set(mask.flat) for mask in masks] == [{0.0, 2.0}] * 4
    decoder.start = lambda *_, **__: (memory, state)
    logits = step_logits(decoder, ENCODED, WORDS)
    for row in range(B):
        expected = equations(decoder, row, [mask[row] for mask in masks])
        assert np.abs(logits[row] - expected).max() < EXACT


def test_feature_dropout_falls_on_the_features():
    """Feature dropout of S2VT applies to the features of the frames."""
    keras.utils.set_random_seed(5)
    decoder = built(feature_dropout=0.999)
    zeros = Encoded(ops.zeros_like(ENCODED.features), ENCODED.mask)
    dropped, expected = decoder.start(ENCODED, training=True)[1], decoder.start(zeros)[1]
    for tensor, other in zip(*map(keras.tree.flatten, (dropped, expected)), strict=True):
        assert np.allclose(array(tensor), array(other))
