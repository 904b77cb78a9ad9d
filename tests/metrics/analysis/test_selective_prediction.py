"""Scores of the most confident predictions."""

import numpy as np
import pytest

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics import coverage_scores, selection_gain


def test_coverage_scores_are_means_of_the_most_confident_predictions():
    """The score at each coverage is the mean over the most confident predictions."""
    scores = coverage_scores(np.array([0.2, 0.9, 0.5]), np.array([3.0, 1.0, 2.0]))
    assert scores.tolist() == [1.0, 1.5, 2.0]


def test_equally_confident_predictions_keep_their_order():
    """Predictions of the same confidence are taken in their order."""
    assert coverage_scores(np.ones(3), np.array([6.0, 0.0, 3.0])).tolist() == [6.0, 3.0, 3.0]


def test_gain_is_the_mean_of_the_better_half_minus_that_of_all():
    """Of three predictions, the better half has two."""
    gain = selection_gain(np.array([0.2, 0.9, 0.5]), np.array([3.0, 1.0, 2.0]))
    assert (gain.half, gain.all, gain.difference) == (1.5, 2.0, -0.5)


def test_interval_selects_the_half_of_each_bootstrap_sample():
    """The interval has the percentiles of the gains of samples drawn with replacement."""
    generator = np.random.default_rng(5)
    confidence = generator.random(31)
    scores = confidence + generator.random(31)
    gain = selection_gain(confidence, scores, samples=200, seed=3)
    order = sorted(range(31), key=lambda index: -confidence[index])
    drawn = np.random.default_rng(3).integers(31, size=(200, 31))
    gains = []
    for row in drawn:
        chosen = sorted((order[index] for index in row), key=lambda index: -confidence[index])
        gains.append(scores[chosen[:16]].mean() - scores[chosen].mean())
    assert [gain.low, gain.high] == pytest.approx(np.percentile(gains, [2.5, 97.5]).tolist())


def test_few_predictions_have_no_interval():
    """Nine predictions have a gain without interval."""
    gain = selection_gain(np.arange(9.0), np.arange(9.0))
    assert (gain.low, gain.high, gain.difference) == (None, None, 2.0)


@pytest.mark.parametrize(
    ("confidence", "scores"), [([], []), ([0.5], [1.0, 2.0]), ([np.nan], [1.0]), ([0.5], [np.inf])]
)
def test_unusable_values_are_refused(confidence, scores):
    """No predictions, different lengths and values that are not finite are refused."""
    with pytest.raises(ArgumentError, match="finite confidence"):
        coverage_scores(np.array(confidence), np.array(scores))
