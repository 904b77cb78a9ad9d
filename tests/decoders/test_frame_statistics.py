"""The classifier of frame statistics compared with NumPy."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.frame_statistics import STATISTICS, FrameStatistics
from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Encoded
from tests.decoders.equations import array, dense

B, S, R, D, C = 3, 5, 2, 3, 4
MASK = np.array([[1, 1, 1, 1, 1], [1, 0, 1, 1, 0], [0, 1, 0, 0, 0]], bool)
FEATURES = np.random.default_rng(0).normal(2, 3, size=(B, S, R, D)).astype("float32")
ENCODED = Encoded(ops.convert_to_tensor(FEATURES), ops.convert_to_tensor(MASK))


def statistics_of(clip):
    """Return the statistics of a clip (S', R, D) without padding, each (R · D,)."""
    differences = np.abs(np.diff(clip, axis=0))
    return {
        "mean": clip.mean(0).ravel(),
        "deviation": clip.std(0).ravel(),
        "difference": (differences.mean(0) if len(clip) > 1 else np.zeros((R, D))).ravel(),
    }


def expected_inputs(names):
    """Return the statistics (B, R · D) of all clips by name."""
    clips = [statistics_of(FEATURES[row, real]) for row, real in enumerate(MASK)]
    return [np.stack([clip[name] for clip in clips]) for name in names]


@pytest.mark.parametrize("names", [["mean"], ["difference", "deviation"], None])
def test_logits_of_the_statistics(names):
    """The logits are a linear function of the statistics of the real steps of each region."""
    decoder = FrameStatistics(C, statistics=names, standardize=False)
    logits, mask = decoder(ENCODED)
    expected = np.concatenate(expected_inputs(names or STATISTICS), axis=1)
    assert np.allclose(array(logits)[:, 0], dense(decoder.labels, expected), atol=1e-4)
    assert array(mask).tolist() == [[True]] * B


def test_each_statistic_is_standardized():
    """In training, each statistic is centered and has the mean squared length 1."""
    decoder = FrameStatistics(C)
    logits, _ = decoder(ENCODED, training=True)
    inputs = []
    for values in expected_inputs(STATISTICS):
        centered = values - values.mean(0)
        inputs.append(centered / np.sqrt((centered**2).sum(1).mean()))
    expected = dense(decoder.labels, np.concatenate(inputs, axis=1))
    assert np.allclose(array(logits)[:, 0], expected, atol=1e-4)


def test_dense_layer_and_dropout():
    """Dropout applies to the statistics, and a ReLU layer may come before the classifier."""
    decoder = FrameStatistics(C, statistics=["mean"], standardize=False, dense=6, dropout=0.5)
    logits = array(decoder(ENCODED, training=True)[0])[:, 0]
    subsets = 2 * np.array(np.meshgrid(*[[0, 1]] * (R * D))).reshape(R * D, -1).T
    for row, mean in enumerate(expected_inputs(["mean"])[0]):
        hidden = np.maximum(dense(decoder.dense, mean * subsets), 0)
        possible = dense(decoder.labels, hidden)
        assert np.abs(possible - logits[row]).max(-1).min() < 1e-4


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_statistics_are_computed_in_float32(dtype):
    """Sums over a long clip of half-precision features neither overflow nor lose a step."""
    clip = np.tile(np.array([[[100.0]], [[101.0]]], "float16"), (2500, 1, 1))[None]
    decoder = FrameStatistics(C, statistics=["difference"], standardize=False, dtype=dtype)
    logits, _ = decoder(Encoded(ops.convert_to_tensor(clip), np.ones((1, 5000), bool)))
    expected = dense(decoder.labels, np.ones(1))
    assert np.allclose(array(logits)[0, 0], expected, atol=0.02)


@pytest.mark.parametrize("names", [[], ["mean", "mean"]])
def test_wrong_statistics(names):
    """An empty list and a statistic that occurs twice raise an error."""
    with pytest.raises(ArgumentError, match=r"one or several of mean, deviation, difference, each"):
        FrameStatistics(C, statistics=names)
