"""How good a classifier is, and whether its probabilities can be believed.

Calibration: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from lrcn_seq.errors import ArgumentError

BINS = 15
LEAST = 1e-15
"""No logarithm is taken of less, so that one probability of 0 does not make the mean infinite."""
ROUNDING = 1e-3
"""How far a row may be from 1: half precision rounds."""


class ClassScore(NamedTuple):
    """One class: clips that are of it, and shares (0–1); None where there is nothing to divide by."""

    label: str
    count: int
    precision: float | None
    recall: float | None
    f1: float | None


class Bin(NamedTuple):
    """Answers of about one confidence: its mean, the share that is right, and their number; None where there is no answer."""

    confidence: float | None
    accuracy: float | None
    count: int


class ClassificationReport(NamedTuple):
    """What `classification` finds.

    values: top_1, top_5 (shares), mean_class (mean recall of the classes that occur), log_loss (natural logarithm), calibration (0–1).
    confusion: (C, C) counts, a row a true class, a column an answer.
    bins: of equal width, from confidence 0 to 1.
    """

    values: dict[str, float]
    signatures: dict[str, str]
    confusion: np.ndarray
    per_class: tuple[ClassScore, ...]
    bins: tuple[Bin, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the columns."""
        return tuple(one.label for one in self.per_class)

    @property
    def count(self) -> int:
        """How many were classified."""
        return int(self.confusion.sum())

    def as_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        return {
            "metrics": self.values,
            "signatures": self.signatures,
            "count": self.count,
            "classes": list(self.labels),
            "confusion": self.confusion.tolist(),
            "per_class": [one._asdict() for one in self.per_class],
            "bins": [one._asdict() for one in self.bins],
        }


def classification(
    probabilities: np.ndarray, truth: np.ndarray, labels: Sequence[str]
) -> ClassificationReport:
    """Compares distributions with the truth; of classes that are equally likely the first is the answer.

    Arguments:
        probabilities: (M, C), each row a distribution. truth: (M,) int, the column that is right. labels: the C names.

    Raises:
        ArgumentError: shapes that do not fit, a truth that is no class, rows that are no distributions, or nothing at all.
    """
    probabilities, truth = np.asarray(probabilities), np.asarray(truth)
    check(probabilities, truth, labels)
    probabilities, rows = probabilities.astype(np.float64), np.arange(len(truth))
    order = np.argsort(-probabilities, axis=1, kind="stable")
    rank = (order == truth[:, None]).argmax(axis=1)
    confusion = np.zeros((len(labels),) * 2, np.int64)
    np.add.at(confusion, (truth, order[:, 0]), 1)
    per_class = tuple(map(class_score, labels, confusion, confusion.T, np.diag(confusion)))
    bins = reliability(probabilities.max(axis=1), rank == 0)
    values = {
        "top_1": float((rank < 1).mean()),
        "top_5": float((rank < 5).mean()),
        "mean_class": float(np.mean([one.recall for one in per_class if one.count])),
        "log_loss": float(-np.log(probabilities[rows, truth].clip(LEAST)).mean()),
        "calibration": calibration_error(bins),
    }
    return ClassificationReport(
        values, signatures(len(truth), len(labels)), confusion, per_class, bins
    )


def check(probabilities: np.ndarray, truth: np.ndarray, labels: Sequence[str]) -> None:
    """Refuses what cannot be scored."""
    if (
        isinstance(labels, str)
        or len(set(labels)) != len(labels)
        or not all(isinstance(label, str) for label in labels)
    ):
        raise ArgumentError(
            f"labels: expected the name of each class, no name twice. Received: labels={labels!r:.80}."
        )
    if (
        probabilities.ndim != 2
        or probabilities.shape[1] != len(labels)
        or truth.shape != probabilities.shape[:1]
    ):
        raise ArgumentError(
            f"classification: expected probabilities (M, C), truth (M,) and C labels. Received: probabilities {probabilities.shape}, truth {truth.shape}, {len(labels)} labels."
        )
    if not probabilities.size:
        raise ArgumentError(
            f"classification: expected at least one clip and one class. Received: probabilities {probabilities.shape}."
        )
    if not np.issubdtype(truth.dtype, np.integer) or truth.min() < 0 or truth.max() >= len(labels):
        raise ArgumentError(
            f"truth: expected whole numbers from 0 to {len(labels) - 1}, one for each row. Received: truth={truth.tolist()!r:.80}."
        )
    wrong = np.flatnonzero(
        ~(
            (probabilities >= 0).all(axis=1)
            & (np.abs(probabilities.sum(axis=1, dtype=np.float64) - 1) <= ROUNDING)
        )
    )
    if len(wrong):
        raise ArgumentError(
            f"probabilities: expected rows that sum to 1, nothing negative. Received: {len(wrong)} other rows, first row {wrong[0]}: {probabilities[wrong[0]].tolist()!r:.80}."
        )


def class_score(label: str, truth: np.ndarray, answers: np.ndarray, right: int) -> ClassScore:
    """One class from its row and its column of the confusion matrix."""
    count, answered = int(truth.sum()), int(answers.sum())
    return ClassScore(
        label,
        count,
        share(right, answered),
        share(right, count),
        share(2 * right, count + answered),
    )


def share(part: float, whole: float) -> float | None:
    """None of nothing."""
    return float(part / whole) if whole else None


def reliability(confidence: np.ndarray, right: np.ndarray) -> tuple[Bin, ...]:
    """Bin m of M holds confidences above (m − 1) / M and up to m / M."""
    place = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence, side="left")
    counts, confidences, rights = (
        np.bincount(place, weights, BINS).tolist() for weights in (None, confidence, right)
    )
    return tuple(
        Bin(share(sure, count), share(good, count), count)
        for count, sure, good in zip(counts, confidences, rights, strict=True)
    )


def calibration_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error: how far confidence is from accuracy, as a mean over answers (Guo et al. 2017, equation 3)."""
    gaps = [one.count * abs(one.accuracy - one.confidence) for one in bins if one.count]
    return sum(gaps) / sum(one.count for one in bins)


def signatures(count: int, classes: int) -> dict[str, str]:
    """How each number was made, by its name."""
    ways = {
        "top_1": "top_1|ties:first",
        "top_5": "top_5|ties:first",
        "mean_class": "mean_class|mean:recall of classes that occur",
        "log_loss": f"log_loss|log:natural|least:{LEAST:g}",
        "calibration": f"calibration|error:expected|bins:{BINS}|width:equal|confidence:top",
    }
    return {name: f"{way}|classes:{classes}|n:{count}" for name, way in ways.items()}
