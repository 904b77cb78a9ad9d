"""Scores of class distributions averaged over clips, views and tasks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lrcn_seq.evaluation import (
    FrameEvaluation,
    LabelEvaluation,
    evaluate_frames,
    evaluate_labels,
)
from lrcn_seq.progress import progress_bar
from lrcn_seq.records import Sample
from lrcn_seq.tasks._ensemble import Average, normalize_weights
from lrcn_seq.tasks._label_ensemble import check_equal_frames, mean_distribution
from lrcn_seq.tasks._label_feed import class_indices, frame_classes
from lrcn_seq.tasks.base import Member


def score_ensemble(
    members: Sequence[Member], samples: Sequence[Sample], average: Average = "probabilities"
) -> LabelEvaluation | FrameEvaluation:
    """Score the weighted mean of the class distributions of several tasks.

    Args:
        members: classifiers with the same classes.
        samples: the samples; if their labels change over time, each frame is scored.
        average: the mean.
    """
    shares = normalize_weights([member.weight for member in members], len(members))
    if any(sample.moments for sample in samples):
        return _score_frames(members, samples, shares, average)
    labels = members[0].task.output_names
    distributions = np.stack([sample_distributions(member, samples) for member in members])
    probabilities = mean_distribution(distributions, shares, average)
    return evaluate_labels(samples, probabilities, class_indices(samples, labels), labels)


def _score_frames(
    members: Sequence[Member],
    samples: Sequence[Sample],
    shares: Sequence[float],
    average: Average,
) -> FrameEvaluation:
    results = [frame_distributions(member, samples) for member in members]
    numbers, probabilities = [], []
    for of_sample in zip(*results, strict=True):
        frames, distributions = zip(*of_sample, strict=True)
        check_equal_frames(frames)
        numbers.append(frames[0])
        probabilities.append(mean_distribution(np.stack(distributions), shares, average))
    clocks = members[0].reader.times(samples)
    times = [clock[frames] for clock, frames in zip(clocks, numbers, strict=True)]
    labels = members[0].task.output_names
    truth = [
        frame_classes(sample, clock, labels) for sample, clock in zip(samples, times, strict=True)
    ]
    return evaluate_frames(samples, probabilities, times, truth, labels)


def sample_distributions(member: Member, samples: Sequence[Sample]) -> np.ndarray:
    """Return the class distribution of each sample, a mean over all its clips, views and steps.

    Padded steps do not count.

    Args:
        member: a classifier with its reader.
        samples: M samples.

    Returns:
        Distributions (M, C).
    """
    task, reader, _ = member
    owner = np.array([clip.sample for clip in reader.test_clips(samples)])
    totals, counts = np.zeros((len(samples), len(task.output_names))), np.zeros(len(samples))
    position = 0
    with progress_bar(task.name) as progress:
        for clips in reader.clips(samples, task.settings.evaluation.batch_size):
            probabilities, mask = task.probabilities(clips)
            owners = owner[position : position + len(probabilities)]
            np.add.at(totals, owners, (probabilities * mask[:, :, None]).sum(axis=1))
            np.add.at(counts, owners, mask.sum(axis=1))
            position += len(probabilities)
            progress(position, len(owner))
    return totals / counts[:, None]


def frame_distributions(
    member: Member, samples: Sequence[Sample]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the class distribution of each frame, averaged over clips and views.

    Args:
        member: a classifier with its reader.
        samples: the samples.

    Returns:
        The frame numbers (F,) and distributions (F, C) of each sample.
    """
    task, reader, _ = member
    outputs: list[dict[int, list[np.ndarray]]] = [{} for _ in samples]
    selections = iter(reader.test_clips(samples))
    for clips in reader.clips(samples, task.settings.evaluation.batch_size):
        for row, clip in zip(task.probabilities(clips)[0], selections, strict=False):
            for number, distribution in zip(
                np.asarray(clip.numbers)[:: task.encoder.stride], row, strict=False
            ):
                outputs[clip.sample].setdefault(int(number), []).append(distribution)
    return [
        (
            np.array(sorted(frames)),
            np.stack([np.mean(frames[number], axis=0) for number in sorted(frames)]),
        )
        for frames in outputs
    ]
