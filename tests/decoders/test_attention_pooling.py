"""Attention pooling compared with NumPy."""

import numpy as np
from keras import ops

from lrcn_seq.decoders.attention_pooling import AttentionPooling
from lrcn_seq.records import Encoded
from tests.decoders.equations import array, dense, randomize, sigmoid

B, S, R, D, C = 2, 4, 2, 3, 5
MASK = np.array([[True, True, True, False], [True, False, False, False]])
FEATURES = np.random.default_rng(0).normal(size=(B, S, R, D)).astype("float32")
ENCODED = Encoded(ops.convert_to_tensor(FEATURES), ops.convert_to_tensor(MASK))


def pooled(decoder, positions):
    """Return the weighted mean (D,) of positions (N, D), by equations 8 and 9 of the paper."""
    keys = np.tanh(dense(decoder.key, positions)) * sigmoid(dense(decoder.gate, positions))
    weights = np.exp(keys @ array(decoder.score.kernel)[:, 0])
    return (weights[:, None] * positions).sum(0) / weights.sum()


def test_logits_of_the_weighted_mean():
    """The logits are a linear function of the weighted mean over real steps and regions."""
    decoder = AttentionPooling(C, attention=6)
    decoder(ENCODED)
    randomize(decoder)
    logits, mask = decoder(ENCODED)
    means = [pooled(decoder, FEATURES[row][MASK[row]].reshape(-1, D)) for row in range(B)]
    assert np.allclose(array(logits)[:, 0], dense(decoder.labels, np.stack(means)), atol=1e-5)
    assert array(mask).tolist() == [[True], [True]]


def test_streaming_survives_large_scores():
    """Streaming gives the logits of the clip so far, also for scores whose exp overflows."""
    decoder = AttentionPooling(C, attention=6)
    decoder(ENCODED)
    randomize(decoder)
    decoder.score.kernel.assign(array(decoder.score.kernel) * 1000)
    state = decoder.initial_state(B)
    for step in range(S):
        logits, state = decoder.step(ENCODED.features[:, step], state)
        clip = Encoded(ENCODED.features[:, : step + 1], np.ones((B, step + 1), bool))
        assert np.allclose(array(logits), array(decoder(clip)[0])[:, 0], atol=1e-5)


def test_dropout_is_before_the_classifier():
    """Dropout applies to the weighted mean before the classifier."""
    decoder = AttentionPooling(C, attention=6, dropout=0.5)
    logits = array(decoder(ENCODED, training=True)[0])[:, 0]
    subsets = 2 * np.array(np.meshgrid(*[[0, 1]] * D)).reshape(D, -1).T
    for row in range(B):
        mean = pooled(decoder, FEATURES[row][MASK[row]].reshape(-1, D))
        possible = dense(decoder.labels, mean * subsets)
        assert np.abs(possible - logits[row]).max(-1).min() < 1e-5
