"""Accuracy, confusion and calibration of a classifier.

Calibration: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.statistics.array_types import (
    BoolArray,
    FloatArray,
    IntArray,
    NumberArray,
)

BINS = 15
MIN_PROBABILITY = 1e-15
"""Lower bound of probabilities in the log loss, which keeps the mean finite."""
ROUNDING = 1e-3
"""Tolerated difference between 1 and the sum of a distribution, due to half precision."""


class ClassScore(NamedTuple):
    """Precision, recall and F1 of one class (0–1); None where the denominator is 0.

    Attributes:
        label: name of the class.
        count: number of clips of the class.
        precision: share of the clips predicted as the class that belong to it.
        recall: share of the clips of the class that are predicted as the class.
        f1: harmonic mean of precision and recall.
    """

    label: str
    count: int  # type: ignore[assignment]  # a field of this name replaces tuple.count
    precision: float | None
    recall: float | None
    f1: float | None


class Bin(NamedTuple):
    """A bin of the reliability diagram; the means of an empty bin are None.

    Attributes:
        confidence: mean confidence of the predictions.
        accuracy: share of correct predictions.
        count: number of predictions.
    """

    confidence: float | None
    accuracy: float | None
    count: int  # type: ignore[assignment]  # a field of this name replaces tuple.count


class ClassificationReport(NamedTuple):
    """The evaluation of a classifier.

    Attributes:
        values: top_1, top_5 (shares), mean_class (mean recall of the classes that occur), log_loss
            (natural logarithm), calibration (expected calibration error, 0–1).
        signatures: the signature of each value, which states how it was computed.
        confusion: (C, C) counts, with a row per true class and a column per predicted class.
        per_class: (C,) scores of the classes.
        bins: bins of equal width, from confidence 0 to 1.
    """

    values: dict[str, float]
    signatures: dict[str, str]
    confusion: IntArray
    per_class: tuple[ClassScore, ...]
    bins: tuple[Bin, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the confusion matrix."""
        return tuple(score.label for score in self.per_class)

    @property
    def count(self) -> int:  # type: ignore[override]  # a field of this name replaces tuple.count
        """The number of classified clips."""
        return int(self.confusion.sum())

    def as_dict(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        return {
            "metrics": self.values,
            "signatures": self.signatures,
            "count": self.count,
            "classes": list(self.labels),
            "confusion": self.confusion.tolist(),
            "per_class": [score._asdict() for score in self.per_class],
            "bins": [interval._asdict() for interval in self.bins],
        }


def classification(
    probabilities: NumberArray, truth: NumberArray, labels: Sequence[str]
) -> ClassificationReport:
    """Evaluate the class probabilities that a classifier predicts.

    The predicted class is the most probable one, or the first one in a tie.

    Args:
        probabilities: (M, C) a distribution per clip.
        truth: (M,) index of the true class of each clip.
        labels: (C,) names of the classes.

    Raises:
        ArgumentError: the shapes do not match, a true class does not exist, the
            probabilities of a clip are not a distribution, or there is no clip.
    """
    probabilities, truth = np.asarray(probabilities), np.asarray(truth)
    check_arguments(probabilities, truth, labels)
    probabilities = probabilities.astype(np.float64)
    order = np.argsort(-probabilities, axis=1, kind="stable")
    rank = (order == truth[:, None]).argmax(axis=1)
    confusion: IntArray = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(confusion, (truth, order[:, 0]), 1)
    per_class = class_scores(confusion, labels)
    bins = reliability_bins(probabilities.max(axis=1), rank == 0)
    true_probability = probabilities[np.arange(len(truth)), truth]
    values = {
        "top_1": float((rank < 1).mean()),
        "top_5": float((rank < 5).mean()),
        "mean_class": float(np.mean([score.recall for score in per_class if score.count])),
        "log_loss": float(-np.log(true_probability.clip(MIN_PROBABILITY)).mean()),
        "calibration": calibration_error(bins),
    }
    return ClassificationReport(
        values, signatures(len(truth), len(labels)), confusion, per_class, bins
    )


def check_arguments(probabilities: NumberArray, truth: NumberArray, labels: Sequence[str]) -> None:
    """Raise ArgumentError unless the arguments of `classification` are valid."""
    if (
        isinstance(labels, str)
        or len(set(labels)) != len(labels)
        or not all(isinstance(label, str) for label in labels)
    ):
        raise ArgumentError(
            f"labels: expected a unique name for each class. Received: labels={labels!r:.80}."
        )
    if (
        probabilities.ndim != 2
        or probabilities.shape[1] != len(labels)
        or truth.shape != probabilities.shape[:1]
    ):
        raise ArgumentError(
            "classification: expected probabilities (M, C), truth (M,) and C labels. Received: "
            f"probabilities {probabilities.shape}, truth {truth.shape}, {len(labels)} labels."
        )
    if not probabilities.size:
        raise ArgumentError(
            "classification: expected at least one clip and one class. "
            f"Received: probabilities {probabilities.shape}."
        )
    if not np.issubdtype(truth.dtype, np.integer) or truth.min() < 0 or truth.max() >= len(labels):
        raise ArgumentError(
            f"truth: expected integers from 0 to {len(labels) - 1}. "
            f"Received: truth={truth.tolist()!r:.80}."
        )
    invalid = np.flatnonzero(~is_distribution(probabilities))
    if len(invalid):
        raise ArgumentError(
            "probabilities: expected nonnegative rows that sum to 1. "
            f"Received: {len(invalid)} invalid rows, the first at "
            f"index {invalid[0]}: {probabilities[invalid[0]].tolist()!r:.80}."
        )


def is_distribution(probabilities: NumberArray) -> BoolArray:
    """Return (M,) whether the probabilities of each clip are nonnegative and sum to 1."""
    deviation = np.abs(probabilities.sum(axis=1, dtype=np.float64) - 1)
    return np.asarray((probabilities >= 0).all(axis=1) & (deviation <= ROUNDING))


def class_scores(confusion: IntArray, labels: Sequence[str]) -> tuple[ClassScore, ...]:
    """Return the score of each class from the confusion matrix (C, C)."""
    columns = (confusion.sum(axis=1), confusion.sum(axis=0), np.diag(confusion))
    return tuple(
        ClassScore(
            label,
            count,
            precision=ratio(correct, predicted),
            recall=ratio(correct, count),
            f1=ratio(2 * correct, count + predicted),
        )
        for label, count, predicted, correct in zip(
            labels, *(column.tolist() for column in columns), strict=True
        )
    )


def ratio(numerator: float, denominator: float) -> float | None:
    """Return a ratio, or None if the denominator is 0."""
    return float(numerator / denominator) if denominator else None


def reliability_bins(confidence: FloatArray, correct: BoolArray) -> tuple[Bin, ...]:
    """Return the bins of the reliability diagram.

    Bin m of M contains the confidences above (m − 1) / M and up to m / M.

    Args:
        confidence: (M,) confidence of each prediction.
        correct: (M,) whether each prediction is correct.
    """
    number = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence, side="left")
    counts = np.bincount(number, minlength=BINS).tolist()
    confidences = np.bincount(number, confidence, BINS).tolist()
    corrects = np.bincount(number, correct, BINS).tolist()
    return tuple(
        Bin(ratio(total, count), ratio(right, count), count)
        for count, total, right in zip(counts, confidences, corrects, strict=True)
    )


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error (Guo et al. 2017, equation 3).

    The error of a bin is the absolute difference between its accuracy and its mean confidence. The
    result is the mean of the errors, weighted by the number of predictions.
    """
    gaps = [
        interval.count * abs(interval.accuracy - interval.confidence)
        for interval in bins
        if interval.accuracy is not None and interval.confidence is not None
    ]
    return float(sum(gaps) / sum(interval.count for interval in bins))


def signatures(count: int, classes: int) -> dict[str, str]:
    """Return, for each value of the report, a line that states how it was computed.

    Args:
        count: number of clips.
        classes: number of classes.
    """
    settings = {
        "top_1": "top_1|ties:first",
        "top_5": "top_5|ties:first",
        "mean_class": "mean_class|mean:recall of classes that occur",
        "log_loss": f"log_loss|log:natural|least:{MIN_PROBABILITY:g}",
        "calibration": f"calibration|error:expected|bins:{BINS}|width:equal|confidence:top",
    }
    return {name: f"{text}|classes:{classes}|n:{count}" for name, text in settings.items()}
