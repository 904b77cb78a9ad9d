"""The recognizer over frames, against keras.layers and NumPy."""

from itertools import product

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.lstm_frames import LstmFrames, turned
from lrcn_seq.records import Encoded

B, S, D, U, C = 3, 5, 4, 6, 7
LENGTHS = (5, 2, 3)
MASK = np.arange(S) < np.array(LENGTHS)[:, None]
FEATURES = np.random.default_rng(0).normal(size=(B, S, 1, D)).astype("float32")


def array(tensor):
    return ops.convert_to_numpy(tensor)


def run(decoder, training=False):
    logits, mask = decoder(
        Encoded(ops.convert_to_tensor(FEATURES), ops.convert_to_tensor(MASK)), training=training
    )
    return array(logits), array(mask)


def rival(bidirectional, **options):
    layer = keras.layers.LSTM(U, **options)
    return keras.layers.Bidirectional(layer) if bidirectional else layer


def lstms(decoder):
    return [
        weight
        for stack in (decoder.stack, decoder.back)
        for layer in stack
        for weight in layer.get_weights()
    ]


@pytest.mark.parametrize("bidirectional", [False, True])
def test_every_step_equals_keras(bidirectional):
    """With the weights copied over, logits at every real step equal those of keras.layers."""
    decoder, layer = (
        LstmFrames(C, units=U, bidirectional=bidirectional),
        rival(bidirectional, return_sequences=True),
    )
    found, mask = run(decoder)
    assert np.array_equal(mask, MASK)
    for row, length in enumerate(LENGTHS):
        clip = FEATURES[row : row + 1, :length, 0]
        layer(clip)
        layer.set_weights(lstms(decoder))
        expected = array(decoder.labels(layer(clip)))
        assert np.allclose(found[row, :length], expected[0], atol=1e-5)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_last_equals_keras(bidirectional):
    """`last` equals a Keras LSTM that returns its last output only, at each clip's own end."""
    decoder, layer = (
        LstmFrames(C, units=U, output="last", bidirectional=bidirectional, dense=3),
        rival(bidirectional),
    )
    found, mask = run(decoder)
    assert mask.tolist() == [[True]] * B
    for row, length in enumerate(LENGTHS):
        clip = FEATURES[row : row + 1, :length, 0]
        layer(clip)
        layer.set_weights(lstms(decoder))
        assert np.allclose(found[row], array(decoder.labels(decoder.dense(layer(clip)))), atol=1e-5)


def test_turned():
    """Each row's own steps are reversed, and twice is not at all."""
    sequence = ops.convert_to_tensor(FEATURES[:, :, 0].transpose(1, 0, 2))
    lengths = ops.convert_to_tensor(np.array(LENGTHS, "int32"))
    once = array(turned(sequence, lengths))
    for row, length in enumerate(LENGTHS):
        assert np.array_equal(once[:length, row], FEATURES[row, :length, 0][::-1])
    assert np.array_equal(array(turned(ops.convert_to_tensor(once), lengths)), array(sequence))


@pytest.mark.parametrize("rate", ["feature_dropout", "dropout"])
def test_dropout_acts_in_training_only(rate):
    """With either rate alone, logits differ from call to call in training; otherwise they do not."""
    keras.utils.set_random_seed(5)
    decoder = LstmFrames(C, units=U, **{rate: 0.5})
    assert np.array_equal(run(decoder)[0], run(decoder)[0])
    assert not np.allclose(
        run(decoder, training=True)[0], run(decoder, training=True)[0], atol=1e-3
    )


@pytest.mark.parametrize("rate", ["feature_dropout", "dropout"])
def test_dropout_is_one_mask_a_clip(rate):
    """The features, or the outputs of each layer, are multiplied by 0 or 1 / (1 − rate), at all steps of a clip alike."""
    keras.utils.set_random_seed(5)
    decoder = LstmFrames(C, units=2, layers=2, **{rate: 0.5})
    found, (first, second) = run(decoder, training=True)[0], decoder.stack
    masks = 2 * np.array(list(product([0, 1], repeat=4)), "float32")
    on_features, on_first, on_second = (
        (masks, 1, 1) if rate == "feature_dropout" else (1, masks[:, :2], masks[:, 2:])
    )
    for row, length in enumerate(LENGTHS):
        outputs = (
            array(second(array(first(FEATURES[row, :length] * on_features)) * on_first)) * on_second
        )
        every = array(decoder.labels(outputs)).transpose(1, 0, 2)
        assert np.abs(every - found[row, :length]).max(axis=(1, 2)).min() < 1e-5
