"""Calibrated probabilities by logistic regression."""

import math

import numpy as np
import pytest

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics import fit_platt


def labeled_features(count: int, seed: int = 0):
    """Return features (M, 2) of different scales, and labels that depend on them."""
    generator = np.random.default_rng(seed)
    features = generator.normal([-1.0, 50.0], [0.2, 20.0], (count, 2))
    odds = 3 * (features[:, 0] + 1) / 0.2 - (features[:, 1] - 50) / 20
    return features, generator.random(count) < 1 / (1 + np.exp(-odds))


def descend(features, correct):
    """Return the coefficients and the intercept found by gradient descent with many small steps."""
    standardized = (features - features.mean(0)) / features.std(0)
    positive, negative = correct.sum(), (~correct).sum()
    targets = np.where(correct, (positive + 1) / (positive + 2), 1 / (negative + 2))
    coefficients, intercept = np.zeros(features.shape[1]), 0.0
    for _ in range(20_000):
        error = 1 / (1 + np.exp(-(standardized @ coefficients + intercept))) - targets
        coefficients = coefficients - 0.01 * (standardized.T @ error + coefficients)
        intercept -= 0.01 * error.sum()
    return [*coefficients, intercept]


def test_fit_is_the_minimum_of_the_regularized_log_loss():
    """Newton's method finds the coefficients that gradient descent finds."""
    features, correct = labeled_features(40)
    fitted = fit_platt(features, correct)
    assert [*fitted.coefficients, fitted.intercept] == pytest.approx(
        descend(features, correct), abs=1e-6
    )


def test_probabilities_are_logistic_in_standardized_features():
    """A probability is the logistic function of the standardized features of a prediction."""
    features, correct = labeled_features(40)
    fitted = fit_platt(features, correct)
    odds = fitted.intercept + sum(
        coefficient * (value - mean) / deviation
        for coefficient, value, mean, deviation in zip(
            fitted.coefficients, features[3], fitted.means, fitted.deviations, strict=True
        )
    )
    assert fitted.probabilities(features)[3] == pytest.approx(1 / (1 + math.exp(-odds)))


def test_fitted_probabilities_have_the_mean_of_the_targets():
    """The mean probability equals the mean of Platt's targets, as the intercept has no ridge."""
    features, correct = labeled_features(60)
    positive, negative = correct.sum(), (~correct).sum()
    targets = np.where(correct, (positive + 1) / (positive + 2), 1 / (negative + 2))
    assert fit_platt(features, correct).probabilities(features).mean() == pytest.approx(
        targets.mean()
    )


def test_separable_labels_have_finite_coefficients():
    """Labels that a feature separates do not make the coefficients infinite."""
    features = np.linspace(-1, 1, 20)[:, None]
    fitted = fit_platt(features, features[:, 0] > 0)
    probabilities = fitted.probabilities(np.array([[-1e6], [-1.0], [1.0], [1e6]]))
    assert np.isfinite(fitted.coefficients).all()
    assert (np.diff(probabilities) > 0).all()
    assert 0.9 < probabilities[2] < 1


def test_constant_features_have_no_influence():
    """A feature without variance has a coefficient of 0."""
    features, correct = labeled_features(30)
    fitted = fit_platt(np.column_stack([features[:, 0], np.ones(30)]), correct)
    assert fitted.coefficients[1] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("features", "correct", "message"),
    [
        (np.zeros((3, 1)), [True, True, True], "3 correct and 0 incorrect"),
        (np.zeros((3, 1)), [True, False], r"\(3, 1\) and labels \(2,\)"),
        (np.full((2, 1), np.nan), [True, False], "finite"),
    ],
)
def test_unusable_data_are_refused(features, correct, message):
    """Labels of one kind, different lengths and NaN are refused."""
    with pytest.raises(ArgumentError, match=message):
        fit_platt(features, np.array(correct))
