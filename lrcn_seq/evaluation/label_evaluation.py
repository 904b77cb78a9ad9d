"""Scores of a classifier that assigns one class to each sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from lrcn_seq import metrics
from lrcn_seq.config.schema import Evaluation as EvaluationSettings
from lrcn_seq.evaluation.base import top_1_differences, top_1_interval, top_1_remark
from lrcn_seq.metrics.base import values_html
from lrcn_seq.records import Sample


class LabelEvaluation(NamedTuple):
    """Class distributions of samples and their scores.

    `probabilities` is (M, C), and `truth` (M,) is the index of the true class of each sample.
    """

    samples: Sequence[Sample]
    probabilities: np.ndarray
    truth: np.ndarray
    report: metrics.ClassificationReport

    @property
    def unit(self) -> str | None:
        """None: whole samples are scored."""
        return None

    @property
    def values(self) -> dict[str, float]:
        """The scores by name."""
        return self.report.values

    @property
    def predicted(self) -> np.ndarray:
        """The index of the most probable class of each sample, (M,)."""
        return np.asarray(self.probabilities.argmax(axis=1))

    def _repr_html_(self) -> str:
        return values_html(self.values)

    def rows(self) -> list[dict[str, Any]]:
        """Return the lines of `predictions.jsonl`."""
        names = self.report.labels
        return [
            {
                "id": sample.id,
                "label": names[predicted],
                "probability": float(row[predicted]),
                "truth": names[true],
                "group": sample.group,
                "file": sample.file,
                "probabilities": dict(zip(names, map(float, row), strict=True)),
            }
            for sample, row, predicted, true in zip(
                self.samples, self.probabilities, self.predicted, self.truth, strict=True
            )
        ]

    def summary(self) -> dict[str, Any]:
        """Return the content of `scores.json`, with the confidence interval of the accuracy."""
        return {**self.report.as_dict(), **top_1_interval(*self.correct())}

    @classmethod
    def differences(
        cls,
        evaluations: Mapping[str, Self],
        settings: EvaluationSettings,  # noqa: ARG003
    ) -> list[metrics.Difference]:
        """Compare the accuracies of each pair of evaluations by a bootstrap over groups."""
        return top_1_differences({name: one.correct() for name, one in evaluations.items()})

    def correct(self) -> tuple[np.ndarray, list[str]]:
        """Return whether each sample is classified correctly, and its group."""
        return self.predicted == self.truth, [sample.group for sample in self.samples]

    def remark(self) -> str:
        """Return a sentence that states the confidence interval of the accuracy."""
        return top_1_remark(self.summary())


def evaluate_labels(
    samples: Sequence[Sample],
    probabilities: np.ndarray,
    truth: np.ndarray,
    labels: Sequence[str],
) -> LabelEvaluation:
    """Score the class distribution of each sample.

    Args:
        samples: the M samples.
        probabilities: (M, C) distributions.
        truth: (M,) indices of the true classes.
        labels: the C class names.
    """
    report = metrics.classification(probabilities, truth, labels)
    return LabelEvaluation(samples, probabilities, truth, report)
