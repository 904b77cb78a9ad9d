"""Scores of predicted tags: precision, recall and F1 over all images and tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from lrcn_seq.records import Sample


class TagEvaluation(NamedTuple):
    """Predicted and true tags of samples.

    `probabilities` is (M, C) and `truth` (M, C) bool, for M samples and C tags.
    """

    samples: Sequence[Sample]
    tags: Sequence[str]
    probabilities: np.ndarray
    truth: np.ndarray

    @property
    def unit(self) -> None:
        """None, because tags are scored for whole samples."""

    @property
    def predicted(self) -> np.ndarray:
        """The predicted tags (M, C) bool."""
        return self.probabilities >= 0.5

    @property
    def values(self) -> dict[str, float]:
        """Micro-averaged F1, and the share of images whose tags are all correct."""
        return {
            "f1": f1(self.predicted, self.truth),
            "exact": float((self.predicted == self.truth).all(axis=1).mean()),
        }

    def rows(self) -> list[dict[str, Any]]:
        """Return one object for each line of `predictions.jsonl`."""
        return [
            {
                "id": sample.id,
                "tags": [tag for tag, on in zip(self.tags, predicted, strict=True) if on],
                "truth": list(sample.targets),
                "file": sample.file,
            }
            for sample, predicted in zip(self.samples, self.predicted, strict=True)
        ]

    def summary(self) -> dict[str, Any]:
        """Return the JSON object for `scores.json`."""
        signatures = {"f1": "f1|micro|threshold:0.5", "exact": "exact|threshold:0.5"}
        return {"metrics": self.values, "signatures": signatures, "count": len(self.samples)}

    def remark(self) -> str:
        """Return the mean number of tags per image."""
        return f"{self.predicted.sum(axis=1).mean():.1f} tags per image."


def f1(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Return the F1 score of boolean arrays; 0 if both arrays are false everywhere."""
    correct = (predicted & truth).sum()
    return float(2 * correct / max(1, predicted.sum() + truth.sum()))
