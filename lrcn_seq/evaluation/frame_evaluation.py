"""Scores of a classifier that assigns a class to every frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from lrcn_seq import metrics
from lrcn_seq.config.schema import Evaluation as EvaluationSettings
from lrcn_seq.evaluation.base import top_1_differences, top_1_interval, top_1_remark
from lrcn_seq.metrics.base import values_html
from lrcn_seq.records import Sample


class FrameEvaluation(NamedTuple):
    """Class distributions of frames, with scores over all labeled frames.

    Each sample has `probabilities` (F, C), `times` (F,) in seconds, and `truth` (F,), the indices
    of the true classes, −1 for frames without a label.
    """

    samples: Sequence[Sample]
    probabilities: Sequence[np.ndarray]
    times: Sequence[np.ndarray]
    truth: Sequence[np.ndarray]
    report: metrics.ClassificationReport

    @property
    def unit(self) -> str:
        """`frame`: single frames are scored."""
        return "frame"

    @property
    def values(self) -> dict[str, float]:
        """The scores by name."""
        return self.report.values

    def _repr_html_(self) -> str:
        return values_html(self.values)

    def rows(self) -> list[dict[str, Any]]:
        """Return the lines of `predictions.jsonl`."""
        names = [*self.report.labels, None]
        return [
            {
                "id": sample.id,
                "labels": [names[index] for index in row.argmax(axis=1)],
                "truth": [names[index] for index in truth],
                "times": times.tolist(),
                "group": sample.group,
                "file": sample.file,
            }
            for sample, row, times, truth in zip(
                self.samples, self.probabilities, self.times, self.truth, strict=True
            )
        ]

    def summary(self) -> dict[str, Any]:
        """Return the content of `scores.json`; `count` is the number of labeled frames."""
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
        """Return whether each labeled frame is classified correctly, and its group."""
        correct = [
            (row.argmax(axis=1) == truth)[truth >= 0]
            for row, truth in zip(self.probabilities, self.truth, strict=True)
        ]
        groups = [
            sample.group
            for sample, labeled in zip(self.samples, correct, strict=True)
            for _ in labeled
        ]
        return np.concatenate(correct), groups

    def remark(self) -> str:
        """Return a sentence that states the confidence interval of the accuracy."""
        return top_1_remark(self.summary())


def evaluate_frames(
    samples: Sequence[Sample],
    probabilities: Sequence[np.ndarray],
    times: Sequence[np.ndarray],
    truth: Sequence[np.ndarray],
    labels: Sequence[str],
) -> FrameEvaluation:
    """Score the class distribution at every labeled frame.

    Args:
        samples: the samples.
        probabilities: the class distributions (F, C) of the frames of each sample.
        times: the times (F,) of the frames of each sample, in seconds.
        truth: the indices (F,) of the true classes of each sample's frames, −1 without a label.
        labels: the C class names.
    """
    flat = np.concatenate(truth)
    report = metrics.classification(
        np.concatenate(probabilities)[flat >= 0], flat[flat >= 0], labels
    )
    return FrameEvaluation(samples, probabilities, times, truth, report)
