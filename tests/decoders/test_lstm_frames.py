"""The LSTM over frames compared with keras.layers and NumPy."""

from itertools import product

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.lstm_frames import LstmFrames, reverse_steps
from lrcn_seq.records import Encoded
from tests.decoders.equations import array

B, S, D, U, C = 3, 5, 4, 6, 7
LENGTHS = (5, 2, 3)
MASK = np.arange(S) < np.array(LENGTHS)[:, None]
FEATURES = np.random.default_rng(0).normal(size=(B, S, 1, D)).astype("float32")
ENCODED = Encoded(ops.convert_to_tensor(FEATURES), ops.convert_to_tensor(MASK))


def run(decoder, training=False):
    """Return the logits and the mask of a decoder as arrays."""
    logits, mask = decoder(ENCODED, training=training)
    return array(logits), array(mask)


def keras_lstm(bidirectional, **options):
    """Return the Keras layer whose outputs the decoder should give."""
    layer = keras.layers.LSTM(U, **options)
    return keras.layers.Bidirectional(layer) if bidirectional else layer


def lstm_weights(decoder):
    """Return the weights of the decoder's LSTM layers in the order of Keras."""
    layers = [*decoder.stack, *decoder.back]
    return [weight for layer in layers for weight in layer.get_weights()]


@pytest.mark.parametrize("bidirectional", [False, True])
def test_every_step_equals_keras(bidirectional):
    """The logits at every real step equal those of the same layers in Keras."""
    decoder = LstmFrames(C, units=U, bidirectional=bidirectional)
    layer = keras_lstm(bidirectional, return_sequences=True)
    logits, mask = run(decoder)
    assert np.array_equal(mask, MASK)
    for row, length in enumerate(LENGTHS):
        clip = FEATURES[row : row + 1, :length, 0]
        layer(clip)
        layer.set_weights(lstm_weights(decoder))
        expected = array(decoder.labels(layer(clip)))
        assert np.allclose(logits[row, :length], expected[0], atol=1e-5)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_last_equals_keras(bidirectional):
    """With `output: last`, logits are those of the last real step of a Keras LSTM."""
    decoder = LstmFrames(C, units=U, output="last", bidirectional=bidirectional, dense=3)
    layer = keras_lstm(bidirectional)
    logits, mask = run(decoder)
    assert mask.tolist() == [[True]] * B
    for row, length in enumerate(LENGTHS):
        clip = FEATURES[row : row + 1, :length, 0]
        layer(clip)
        layer.set_weights(lstm_weights(decoder))
        expected = array(decoder.labels(decoder.dense(layer(clip))))
        assert np.allclose(logits[row], expected, atol=1e-5)


def test_reverse_steps_leaves_padding_at_the_end():
    """`reverse_steps` reverses the real steps of each clip and keeps padding at the end."""
    sequence = FEATURES[:, :, 0].transpose(1, 0, 2)
    lengths = ops.convert_to_tensor(np.array(LENGTHS, "int32"))
    result = array(reverse_steps(ops.convert_to_tensor(sequence), lengths))
    for row, length in enumerate(LENGTHS):
        assert np.array_equal(result[:length, row], FEATURES[row, :length, 0][::-1])
        assert np.array_equal(result[length:, row], FEATURES[row, length:, 0])


@pytest.mark.parametrize("rate", ["feature_dropout", "dropout"])
def test_dropout_acts_in_training_only(rate):
    """Dropout changes the logits in training only."""
    keras.utils.set_random_seed(5)
    decoder = LstmFrames(C, units=U, **{rate: 0.5})
    first, second = (run(decoder, training=True)[0] for _ in range(2))
    assert np.array_equal(run(decoder)[0], run(decoder)[0])
    assert not np.allclose(first, second, atol=1e-3)


@pytest.mark.parametrize("rate", ["feature_dropout", "dropout"])
def test_dropout_has_one_mask_per_clip(rate):
    """One dropout mask per clip applies to all steps of the clip."""
    keras.utils.set_random_seed(5)
    decoder = LstmFrames(C, units=2, layers=2, **{rate: 0.5})
    logits, (first, second) = run(decoder, training=True)[0], decoder.stack
    masks = 2 * np.array(list(product([0, 1], repeat=4)), "float32")
    feature_mask, first_mask, second_mask = (
        (masks, 1, 1) if rate == "feature_dropout" else (1, masks[:, :2], masks[:, 2:])
    )
    for row, length in enumerate(LENGTHS):
        outputs = array(first(FEATURES[row, :length] * feature_mask)) * first_mask
        outputs = array(second(outputs)) * second_mask
        possible = array(decoder.labels(outputs)).transpose(1, 0, 2)
        assert np.abs(possible - logits[row, :length]).max(axis=(1, 2)).min() < 1e-5
