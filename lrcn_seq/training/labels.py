"""Scores of a classifier: the mean distribution over all steps of all clips and views of a sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from lrcn_seq import metrics
from lrcn_seq.data.media import name_of
from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Sample
from lrcn_seq.tasks.base import Task
from lrcn_seq.training.feeds import classes_in_time, classes_of
from lrcn_seq.training.preparation import Media, progress

MINIMUM_GROUPS = 30
"""Number of groups below which a bootstrap interval is too narrow to be trusted."""


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
            for sample, row, found, true in zip(
                self.samples, self.probabilities, self.found, self.truth, strict=True
            )
        ]

    def summary(self) -> dict[str, Any]:
        """The object of `scores.json`, with the interval of the accuracy over groups."""
        return {
            **self.report.as_dict(),
            **over_groups(self.found == self.truth, [sample.group for sample in self.samples]),
        }

    def remark(self) -> str:
        """Return the interval of the accuracy as a sentence."""
        return interval_remark(self.summary())


class InTime(NamedTuple):
    """The distributions (F, C) at the frames of each sample, their times (F,) and true classes (F,), −1 for none, and the scores of all labeled frames."""

    samples: Sequence[Sample]
    probabilities: Sequence[np.ndarray]
    times: Sequence[np.ndarray]
    truth: Sequence[np.ndarray]
    report: metrics.ClassificationReport

    @property
    def values(self) -> dict[str, float]:
        """Every score."""
        return self.report.values

    def rows(self) -> list[dict[str, Any]]:
        """The lines of `predictions.jsonl`."""
        names = [*self.report.labels, None]
        return [
            {
                "id": sample.id,
                "labels": [names[place] for place in row.argmax(axis=1)],
                "truth": [names[place] for place in truth],
                "times": times.tolist(),
                "group": sample.group,
                "file": name_of(sample.media),
            }
            for sample, row, times, truth in zip(
                self.samples, self.probabilities, self.times, self.truth, strict=True
            )
        ]

    def summary(self) -> dict[str, Any]:
        """The object of `scores.json`, with the interval of the accuracy over groups; `count` is of frames."""
        right = np.concatenate(
            [
                (row.argmax(axis=1) == truth)[truth >= 0]
                for row, truth in zip(self.probabilities, self.truth, strict=True)
            ]
        )
        groups = [
            sample.group
            for sample, truth in zip(self.samples, self.truth, strict=True)
            for _ in range((truth >= 0).sum())
        ]
        return {**self.report.as_dict(), **over_groups(right, groups)}

    def remark(self) -> str:
        """Return the interval of the accuracy as a sentence."""
        return interval_remark(self.summary())


def over_groups(right: np.ndarray, groups: Sequence[str]) -> dict[str, Any]:
    """The interval of the accuracy for answers (M,) that are right or not, and how many groups it is over."""
    interval = metrics.group_interval(right.astype(float), groups)
    return {"intervals": {"top_1": [interval.low, interval.high]}, "groups": len(set(groups))}


def interval_remark(scores: Mapping[str, Any]) -> str:
    """Return the interval of the accuracy as a sentence, and whether to trust it.

    Args:
        scores: `intervals` and `groups`, as `over_groups` gives them.
    """
    (low, high), groups = scores["intervals"]["top_1"], scores["groups"]
    if low is None:
        return "all of one group, so there is no interval."
    few = f": too few to trust it, use {MINIMUM_GROUPS} or more" if groups < MINIMUM_GROUPS else ""
    return f"top_1 lies between {low:.3f} and {high:.3f} (95 %, over {groups} groups{few})."


def evaluate(
    tasks: Sequence[Task],
    medias: Sequence[Media],
    samples: Sequence[Sample],
    *,
    weights: Sequence[float] | None,
    training: Sequence[Sample],
) -> Classified | InTime:  # noqa: ARG001
    """Classifies samples, by the weighted mean distribution of several tasks (late fusion); frame by frame where the data have labels in time."""
    labels, shares = (
        tasks[0].labels,
        np.array(weights if weights is not None else [1.0] * len(tasks)),
    )
    shares = shares / shares.sum()
    if any(sample.moments for sample in samples):
        return _in_time(tasks, medias, samples, shares)
    several = [
        distributions(task, media, samples) for task, media in zip(tasks, medias, strict=True)
    ]
    probabilities, truth = (
        np.tensordot(shares, np.stack(several), axes=1),
        classes_of(samples, labels),
    )
    return Classified(
        samples, probabilities, truth, metrics.classification(probabilities, truth, labels)
    )


def _in_time(
    tasks: Sequence[Task], medias: Sequence[Media], samples: Sequence[Sample], shares: np.ndarray
) -> InTime:
    several = [by_frame(task, media, samples) for task, media in zip(tasks, medias, strict=True)]
    seen = [numbers for numbers, _ in several[0]]
    if any(
        not np.array_equal(numbers, own)
        for found in several
        for (numbers, _), own in zip(found, seen, strict=True)
    ):
        raise ArgumentError(
            "Expected runs that look at the same frames, so that their answers in time can be fused. Received: other data.sampling, or another stride."
        )
    rows = [
        sum(share * found[place][1] for share, found in zip(shares, several, strict=True))
        for place in range(len(samples))
    ]
    times = [clock[numbers] for clock, numbers in zip(medias[0].times(samples), seen, strict=True)]
    truth = [
        classes_in_time(sample, clock, tasks[0].labels)
        for sample, clock in zip(samples, times, strict=True)
    ]
    known = np.concatenate(truth)
    report = metrics.classification(
        np.concatenate(rows)[known >= 0], known[known >= 0], tasks[0].labels
    )
    return InTime(samples, rows, times, truth, report)


def by_frame(
    task: Task, media: Media, samples: Sequence[Sample]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each sample the frames that were looked at (F,), and the mean distribution at each (F, C) over all clips and views that show it."""
    totals: list[dict[int, list[np.ndarray]]] = [{} for _ in samples]
    looks = iter(media.looks(samples))
    for clips in media.clips(samples, task.settings.evaluation.batch):
        for row, look in zip(task.probabilities(clips)[0], looks, strict=False):
            for number, answer in zip(look.numbers[:: task.encoder.stride], row, strict=False):
                totals[look.sample].setdefault(int(number), []).append(answer)
    return [
        (
            np.array(sorted(found)),
            np.stack([np.mean(found[number], axis=0) for number in sorted(found)]),
        )
        for found in totals
    ]


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
