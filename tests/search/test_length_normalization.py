"""Length normalization compared with scores computed by hand."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.search._length_normalization import normalize


@pytest.mark.parametrize(
    ("kind", "alpha", "expected"),
    [
        ("none", 0.6, [-6.0, -6.0]),
        ("average", 0.6, [-6.0, -0.857143]),
        ("power", 0.5, [-6.0, -2.267787]),
        ("power", 1.0, [-6.0, -0.857143]),
        ("gnmt", 1.0, [-6.0, -3.0]),
        ("gnmt", 2.0, [-6.0, -1.5]),
        ("gnmt", 0.0, [-6.0, -6.0]),
    ],
)
def test_scores(kind, alpha, expected):
    """Each kind of length normalization gives the scores of its definition."""
    total, length = ops.convert_to_tensor([-6.0, -6.0]), ops.convert_to_tensor([1, 7])
    scores = normalize(total, length, kind=kind, alpha=alpha)
    assert np.allclose(ops.convert_to_numpy(scores), expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["none", "power"])
def test_each_word_adds_the_reward(kind):
    """The reward is added once for each word, after the normalization."""
    total, length = ops.convert_to_tensor([-6.0, -6.0]), ops.convert_to_tensor([1, 7])
    plain, rewarded = (
        ops.convert_to_numpy(normalize(total, length, kind=kind, alpha=0.5, word_reward=reward))
        for reward in (0.0, 0.25)
    )
    assert np.allclose(rewarded - plain, [0.25, 1.75], atol=1e-6)


def test_length_may_be_an_integer():
    """A length that is an integer applies to all sentences of a batch."""
    scores = normalize(ops.convert_to_tensor([[-6.0, -3.0]]), 3, kind="average", alpha=0.6)
    assert ops.convert_to_numpy(scores).tolist() == [[-2.0, -1.0]]
