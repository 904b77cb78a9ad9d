"""The single-frame baseline compared with NumPy."""

import numpy as np
from keras import ops

from lrcn_seq.decoders.frame_mean import FrameMean
from lrcn_seq.records import Encoded
from tests.decoders.equations import array, dense

B, S, R, D, C = 2, 4, 2, 3, 5
MASK = np.array([[True, True, True, False], [True, False, False, False]])
FEATURES = np.random.default_rng(0).normal(size=(B, S, R, D)).astype("float32")
ENCODED = Encoded(ops.convert_to_tensor(FEATURES), ops.convert_to_tensor(MASK))


def test_logits_of_single_steps():
    """The logits of a step are a linear function of the mean over the regions of the step."""
    decoder = FrameMean(C)
    logits, mask = decoder(ENCODED)
    assert np.allclose(array(logits), dense(decoder.labels, FEATURES.mean(2)), atol=1e-5)
    assert np.array_equal(array(mask), MASK)
    assert decoder.every_step


def test_logits_of_the_mean_feature():
    """With `pool: features`, a clip has one prediction from the mean of all real regions."""
    decoder = FrameMean(C, pool="features", dense=6)
    logits, mask = decoder(ENCODED)
    mean = np.stack([FEATURES[0, :3].mean((0, 1)), FEATURES[1, :1].mean((0, 1))])
    expected = dense(decoder.labels, np.maximum(dense(decoder.dense, mean), 0))
    assert np.allclose(array(logits)[:, 0], expected, atol=1e-5)
    assert array(mask).tolist() == [[True], [True]]
    assert not decoder.every_step


def test_streaming_keeps_a_running_mean():
    """With `pool: features`, streaming classifies the mean of the features so far."""
    decoder = FrameMean(C, pool="features")
    decoder(ENCODED)
    state = decoder.initial_state(B)
    for step in range(S):
        logits, state = decoder.step(ENCODED.features[:, step], state)
        expected = dense(decoder.labels, FEATURES[:, : step + 1].mean((1, 2)))
        assert np.allclose(array(logits), expected, atol=1e-5)


def test_streaming_of_single_steps_needs_no_state():
    """With `pool: predictions`, the streaming state is empty."""
    assert FrameMean(C).initial_state(B) == ()


def test_dropout_is_before_the_classifier():
    """Dropout applies to the features before the classifier."""
    decoder = FrameMean(C, dropout=0.5)
    logits = array(decoder(ENCODED, training=True)[0])
    subsets = 2 * np.array(np.meshgrid(*[[0, 1]] * D)).reshape(D, -1).T
    possible = dense(decoder.labels, FEATURES.mean(2)[:, :, None] * subsets)
    assert (np.abs(possible - logits[:, :, None]).max(-1).min(-1) < 1e-5).all()
