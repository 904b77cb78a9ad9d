"""The score of the most confident predictions as a function of their share.

El-Yaniv and Wiener, "On the Foundations of Noise-free Selective Classification", JMLR 11, 2010.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.scoring.accuracy_interval import FEWEST_SEGMENTS
from lrcn_seq.metrics.scoring.significance import (
    BOOTSTRAP_SAMPLES,
    ROWS_PER_DRAW,
    SEED,
    confidence_limits,
)
from lrcn_seq.metrics.statistics.array_types import FloatArray, IntArray


class SelectionGain(NamedTuple):
    """The mean score of the more confident half of predictions, compared with that of all.

    Attributes:
        half: mean score of the more confident half, rounded up.
        all: mean score of all predictions.
        difference: `half` minus `all`.
        low: lower end of the 95 % interval of the difference; None for few predictions.
        high: upper end of the 95 % interval.
    """

    half: float
    all: float
    difference: float
    low: float | None
    high: float | None


def coverage_scores(confidence: FloatArray, scores: FloatArray) -> FloatArray:
    """Return (M,) the mean score of the 1, 2, ..., M most confident predictions.

    Args:
        confidence: (M,) confidence of each prediction; equal ones keep their order.
        scores: (M,) score of each prediction.

    Raises:
        ArgumentError: the lengths differ, are 0, or a value is not finite.
    """
    scores = by_confidence(confidence, scores)
    return np.cumsum(scores) / np.arange(1, len(scores) + 1)


def selection_gain(
    confidence: FloatArray,
    scores: FloatArray,
    *,
    samples: int = BOOTSTRAP_SAMPLES,
    seed: int = SEED,
) -> SelectionGain:
    """Compare the more confident half of predictions with all predictions.

    In each bootstrap sample, the half is selected again, and both means are those of the sample.

    Args:
        confidence: (M,) confidence of each prediction.
        scores: (M,) score of each prediction.
        samples: number of bootstrap samples.
        seed: seed of the bootstrap samples.

    Raises:
        ArgumentError: the lengths differ, are 0, or a value is not finite.
    """
    scores = by_confidence(confidence, scores)
    count = len(scores)
    half, all_scores = float(scores[: half_of(count)].mean()), float(scores.mean())
    low = high = None
    if count >= FEWEST_SEGMENTS:
        generator = np.random.default_rng(seed)
        differences = []
        for start in range(0, samples, ROWS_PER_DRAW):
            rows = min(ROWS_PER_DRAW, samples - start)
            drawn = generator.integers(count, size=(rows, count))
            differences.append(gains_of(scores, drawn))
        low, high = confidence_limits(np.concatenate(differences))
    return SelectionGain(half, all_scores, half - all_scores, low, high)


def gains_of(scores: FloatArray, drawn: IntArray) -> FloatArray:
    """Return the difference (rows,) between the first half and all of each bootstrap sample.

    Args:
        scores: (M,) scores, most confident first.
        drawn: (rows, M) indices of the drawn predictions.
    """
    sampled = scores[np.sort(drawn, axis=1)]
    return np.asarray(sampled[:, : half_of(len(scores))].mean(axis=1) - sampled.mean(axis=1))


def half_of(count: int) -> int:
    """Return half of a number, rounded up."""
    return (count + 1) // 2


def by_confidence(confidence: FloatArray, scores: FloatArray) -> FloatArray:
    """Return the scores, most confident first."""
    confidence, scores = np.asarray(confidence, float), np.asarray(scores, float)
    is_valid = confidence.shape == scores.shape and confidence.ndim == 1 and len(scores)
    if not is_valid or not np.isfinite(np.concatenate([confidence, scores])).all():
        raise ArgumentError(
            "Expected a finite confidence and a finite score for each of M predictions. Received: "
            f"confidence {confidence.shape} and scores {scores.shape}."
        )
    return scores[np.argsort(-confidence, kind="stable")]
