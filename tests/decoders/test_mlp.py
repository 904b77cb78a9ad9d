"""The perceptron over the steps of a clip, compared with NumPy."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.mlp import Mlp
from lrcn_seq.records import Encoded
from tests.decoders.equations import array, dense

B, S, R, D, C = 2, 4, 2, 3, 5
MASK = np.array([[True, True, True, False], [True, False, False, False]])
FEATURES = np.random.default_rng(0).normal(size=(B, S, R, D)).astype("float32")
ENCODED = Encoded(ops.convert_to_tensor(FEATURES), ops.convert_to_tensor(MASK))


@pytest.mark.parametrize("steps", [6, 4, 3])
def test_steps_keep_their_positions(steps):
    """The perceptron reads the features of the first steps in order, with zeros at padding."""
    decoder = Mlp(C, steps=steps, units=7, layers=1)
    logits, mask = decoder(ENCODED)
    padded = np.zeros((B, 6, R, D), "float32")
    padded[:, :S] = FEATURES * MASK[:, :, None, None]
    inputs = padded[:, :steps].reshape(B, -1)
    expected = dense(decoder.labels, np.maximum(dense(decoder.dense[0], inputs), 0))
    assert np.allclose(array(logits)[:, 0], expected, atol=1e-5)
    assert array(mask).tolist() == [[True], [True]]


def test_layers_are_stacked():
    """The option `layers` sets the number of ReLU layers before the classifier."""
    decoder = Mlp(C, steps=S, units=7, layers=2)
    logits, _ = decoder(ENCODED)
    x = (FEATURES * MASK[:, :, None, None]).reshape(B, -1)
    for layer in decoder.dense:
        x = np.maximum(dense(layer, x), 0)
    assert np.allclose(array(logits)[:, 0], dense(decoder.labels, x), atol=1e-5)


def test_dropout_acts_in_training_only():
    """Dropout of the perceptron acts in training only."""
    decoder = Mlp(C, steps=S, units=70, layers=1, dropout=0.5)
    plain = array(decoder(ENCODED)[0])
    hidden = dense(decoder.dense[0], (FEATURES * MASK[:, :, None, None]).reshape(B, -1))
    expected = dense(decoder.labels, np.maximum(hidden, 0))
    assert np.allclose(plain[:, 0], expected, atol=1e-5)
    assert not np.allclose(array(decoder(ENCODED, training=True)[0]), plain, atol=1e-3)
