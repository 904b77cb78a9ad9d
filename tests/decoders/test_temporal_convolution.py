"""Convolutions over time compared with NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.temporal_convolution import TemporalConvolution
from lrcn_seq.records import Encoded
from tests.decoders.equations import array, dense, randomize

B, S, R, D, U, C = 2, 6, 2, 3, 4, 5
MASK = np.array([[True] * 6, [True, True, False, True, False, False]])
FEATURES = np.random.default_rng(0).normal(size=(B, S, R, D)).astype("float32")
ENCODED = Encoded(ops.convert_to_tensor(FEATURES), ops.convert_to_tensor(MASK))


def expected_logits(decoder, clip, causal):
    """Return the logits (S', C) of a clip (S', D) without padding, one output at a time."""
    x = dense(decoder.project, clip)
    for number, layer in enumerate(decoder.convolutions):
        kernel, bias, y = array(layer.kernel), array(layer.bias), x.copy()
        first = len(kernel) - 1 if causal else (len(kernel) - 1) // 2
        for t in range(len(x)):
            taps = [(j, t + (j - first) * 2**number) for j in range(len(kernel))]
            total = sum(x[s] @ kernel[j] for j, s in taps if 0 <= s < len(x))
            y[t] += np.maximum(bias + total, 0)
        x = y
    return dense(decoder.labels, x)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kernel_size", [1, 3])
def test_logits_at_every_real_step(causal, kernel_size):
    """The logits at the real steps of a clip follow the equations, without the other steps."""
    decoder = TemporalConvolution(C, filters=U, layers=3, kernel_size=kernel_size, causal=causal)
    decoder(ENCODED)
    randomize(decoder)
    logits, mask = decoder(ENCODED)
    assert np.array_equal(array(mask), MASK)
    for row, real in enumerate(MASK):
        expected = expected_logits(decoder, FEATURES[row, real].mean(1), causal)
        assert np.allclose(array(logits)[row, real], expected, atol=1e-4)


@pytest.mark.parametrize("rate", ["feature_dropout", "dropout"])
def test_dropout_acts_in_training_only(rate):
    """Dropout changes the logits in training only."""
    keras.utils.set_random_seed(5)
    decoder = TemporalConvolution(C, filters=U, **{rate: 0.5})
    first, second = (array(decoder(ENCODED, training=True)[0]) for _ in range(2))
    assert np.array_equal(array(decoder(ENCODED)[0]), array(decoder(ENCODED)[0]))
    assert not np.allclose(first, second, atol=1e-3)


def test_dropout_has_one_mask_per_clip():
    """One dropout mask of the features applies to all steps of a clip."""
    keras.utils.set_random_seed(5)
    decoder = TemporalConvolution(C, filters=U, feature_dropout=0.5)
    logits = array(decoder(ENCODED, training=True)[0])
    subsets = 2 * np.array(np.meshgrid(*[[0, 1]] * D)).reshape(D, -1).T
    for row, real in enumerate(MASK):
        clip = FEATURES[row, real].mean(1)
        possible = [expected_logits(decoder, clip * subset, False) for subset in subsets]
        assert min(np.abs(one - logits[row, real]).max() for one in possible) < 1e-5
