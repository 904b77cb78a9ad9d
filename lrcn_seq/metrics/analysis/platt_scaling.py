"""Logistic regression that turns features of predictions into calibrated probabilities.

Platt, "Probabilistic Outputs for Support Vector Machines", 1999; Newton's method as in Lin et al.,
"A Note on Platt's Probabilistic Outputs for Support Vector Machines", Machine Learning 68, 2007.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.statistics.array_types import BoolArray, FloatArray

ITERATIONS = 50
RIDGE = 1.0
"""Weight of half the squared coefficients in the loss, which keeps those of few samples small."""


class PlattScaling(NamedTuple):
    """A logistic regression on F standardized features.

    Attributes:
        means: (F,) mean of each feature.
        deviations: (F,) standard deviation of each feature.
        coefficients: (F,) coefficient of each standardized feature.
        intercept: log odds at the mean features.
    """

    means: tuple[float, ...]
    deviations: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the regression with the values of `_asdict` after a round trip through JSON."""
        means, deviations, coefficients = (
            tuple(map(float, values[name])) for name in ("means", "deviations", "coefficients")
        )
        return cls(means, deviations, coefficients, float(values["intercept"]))

    def probabilities(self, features: FloatArray) -> FloatArray:
        """Return the probability (M,) that each prediction is correct, for features (M, F)."""
        standardized = (np.asarray(features, float) - self.means) / self.deviations
        return logistic(standardized @ np.asarray(self.coefficients) + self.intercept)


def fit_platt(features: FloatArray, correct: BoolArray) -> PlattScaling:
    """Fit the probability that predictions are correct to their features.

    The targets of correct and of other predictions are those of Platt (1999, section 2.2), slightly
    below 1 and above 0.

    Args:
        features: (M, F) finite features.
        correct: (M,) whether each prediction is correct; both values occur.

    Raises:
        ArgumentError: the shapes differ, a feature is not finite, or only one value occurs.
    """
    features, correct = np.asarray(features, float), np.asarray(correct, bool)
    positive, negative = int(correct.sum()), int((~correct).sum())
    if features.shape[:1] != correct.shape or features.ndim != 2 or not np.isfinite(features).all():
        raise ArgumentError(
            "fit_platt: expected finite features (M, F) and M labels. Received: features "
            f"{features.shape} and labels {correct.shape}."
        )
    if not positive or not negative:
        raise ArgumentError(
            "fit_platt: expected correct and incorrect predictions. Received: "
            f"{positive} correct and {negative} incorrect ones."
        )
    means, deviations = features.mean(axis=0), features.std(axis=0)
    deviations = np.where(deviations > 0, deviations, 1.0)
    targets = np.where(correct, (positive + 1) / (positive + 2), 1 / (negative + 2))
    inputs = np.column_stack([(features - means) / deviations, np.ones(len(correct))])
    *coefficients, intercept = minimize_log_loss(inputs, targets).tolist()
    return PlattScaling(
        tuple(means.tolist()), tuple(deviations.tolist()), tuple(coefficients), intercept
    )


def minimize_log_loss(inputs: FloatArray, targets: FloatArray) -> FloatArray:
    """Return the coefficients (F,) that minimize the log loss plus the ridge, by Newton's method.

    Args:
        inputs: (M, F), of which the last column is 1; its coefficient has no ridge.
        targets: (M,) target probabilities between 0 and 1.
    """
    ridge = np.append(np.full(inputs.shape[1] - 1, RIDGE), 0.0)
    weights = np.zeros(inputs.shape[1])

    def loss(weights: FloatArray) -> float:
        odds = inputs @ weights
        return float(np.sum(np.logaddexp(0, odds) - targets * odds) + ridge @ weights**2 / 2)

    for _ in range(ITERATIONS):
        predicted = logistic(inputs @ weights)
        gradient = inputs.T @ (predicted - targets) + ridge * weights
        curvature = predicted * (1 - predicted)
        hessian = (inputs * curvature[:, None]).T @ inputs + np.diag(ridge)
        step, before = np.linalg.solve(hessian, gradient), loss(weights)
        while loss(weights - step) > before and np.abs(step).max() > 1e-12:
            step = step / 2
        weights = weights - step
        if np.abs(step).max() < 1e-10:
            break
    return weights


def logistic(odds: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(−odds)) without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0, -odds)))
