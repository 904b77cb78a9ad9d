"""Scores of a classifier: the mean distribution over all steps of all clips and views of a sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from lrcn_seq import metrics
from lrcn_seq.data.media import name_of
from lrcn_seq.records import Sample
from lrcn_seq.tasks.base import Task
from lrcn_seq.training.preparation import Media, classes_of, progress


class Classified(NamedTuple):
    """The distributions (M, C) of samples over the classes, their true classes (M,), and the scores."""

    samples: Sequence[Sample]
    probabilities: np.ndarray
    truth: np.ndarray
    report: metrics.ClassificationReport

    @property
    def values(self) -> dict[str, float]:
        """Every score."""
        return self.report.values

    @property
    def found(self) -> np.ndarray:
        """The likeliest class of each sample, (M,)."""
        return self.probabilities.argmax(axis=1)

    def rows(self) -> list[dict[str, Any]]:
        """The lines of `predictions.jsonl`."""
        names = self.report.labels
        return [
            {
                "id": sample.id,
                "label": names[found],
                "probability": float(row[found]),
                "truth": names[true],
                "group": sample.group,
                "file": name_of(sample.media),
                "probabilities": dict(zip(names, map(float, row), strict=True)),
            }
            for sample, row, found, true in zip(self.samples, self.probabilities, self.found, self.truth, strict=True)
        ]

    def summary(self) -> dict[str, Any]:
        """The object of `scores.json`, with the interval of the accuracy over groups."""
        right = (self.found == self.truth).astype(float)
        interval = metrics.group_interval(right, [sample.group for sample in self.samples])
        return {**self.report.as_dict(), "intervals": {"top_1": [interval.low, interval.high]}}


def evaluate(tasks: Sequence[Task], medias: Sequence[Media], samples: Sequence[Sample], *, weights: Sequence[float] | None, training: Sequence[Sample]) -> Classified:  # noqa: ARG001 - as sentences do
    """Classifies samples, by the weighted mean distribution of several tasks (late fusion)."""
    shares = np.array(weights if weights is not None else [1.0] * len(tasks))
    several = [distributions(task, media, samples) for task, media in zip(tasks, medias, strict=True)]
    probabilities = np.tensordot(shares / shares.sum(), np.stack(several), axes=1)
    truth = classes_of(samples, tasks[0].labels)
    return Classified(samples, probabilities, truth, metrics.classification(probabilities, truth, tasks[0].labels))


def distributions(task: Task, media: Media, samples: Sequence[Sample]) -> np.ndarray:
    """(M, C): for each sample the mean over all real steps of all its clips and views."""
    owner = np.array([look.sample for look in media.looks(samples)])
    totals, counts, place = np.zeros((len(samples), len(task.labels))), np.zeros(len(samples)), 0
    with progress(task.name) as told:
        for clips in media.clips(samples, task.settings.evaluation.batch):
            answers, mask = task.probabilities(clips)
            whose = owner[place : place + len(answers)]
            np.add.at(totals, whose, (answers * mask[:, :, None]).sum(axis=1))
            np.add.at(counts, whose, mask.sum(axis=1))
            place += len(answers)
            told(place, len(owner))
    return totals / counts[:, None]
