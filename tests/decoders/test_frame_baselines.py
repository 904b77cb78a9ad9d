"""The two baselines over frames, against NumPy."""

import numpy as np
from keras import ops

from lrcn_seq.decoders.frame_mean import FrameMean
from lrcn_seq.decoders.mlp import Mlp
from lrcn_seq.records import Encoded

B, S, R, D, C = 2, 4, 2, 3, 5
MASK = np.array([[True, True, True, False], [True, False, False, False]])
FEATURES = np.random.default_rng(0).normal(size=(B, S, R, D)).astype("float32")


def array(tensor):
    return ops.convert_to_numpy(tensor)


def run(decoder, steps=S):
    logits, mask = decoder(
        Encoded(ops.convert_to_tensor(FEATURES[:, :steps]), ops.convert_to_tensor(MASK[:, :steps]))
    )
    return array(logits), array(mask)


def dense(layer, x):
    return x @ array(layer.kernel) + array(layer.bias)


def test_predictions_stand_alone():
    """Each step's logits are a linear function of the mean over its regions."""
    decoder = FrameMean(C)
    found, mask = run(decoder)
    assert np.allclose(found, dense(decoder.labels, FEATURES.mean(2)), atol=1e-5)
    assert np.array_equal(mask, MASK)


def test_features_are_averaged_over_real_steps():
    """With `pool: features` there is one prediction, of the mean over real steps and their regions."""
    decoder = FrameMean(C, pool="features", dense=6)
    found, mask = run(decoder)
    mean = np.stack([FEATURES[0, :3].mean((0, 1)), FEATURES[1, :1].mean((0, 1))])
    assert np.allclose(
        found[:, 0], dense(decoder.labels, np.maximum(dense(decoder.dense, mean), 0)), atol=1e-5
    )
    assert mask.tolist() == [[True], [True]]


def test_perceptron_sees_every_step_in_its_place():
    """The perceptron gets all features of the first steps side by side, zero where there are none."""
    for steps in (6, 4, 3):
        decoder = Mlp(C, steps=steps, units=7, layers=1)
        found, mask = run(decoder)
        full = np.zeros((B, max(steps, S), R, D), "float32")
        full[:, :S] = FEATURES * MASK[:, :, None, None]
        hidden = np.maximum(dense(decoder.dense[0], full[:, :steps].reshape(B, -1)), 0)
        assert np.allclose(found[:, 0], dense(decoder.labels, hidden), atol=1e-5)
        assert mask.tolist() == [[True], [True]]
