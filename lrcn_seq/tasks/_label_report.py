"""Report sections of classification tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from lrcn_seq import report
from lrcn_seq.evaluation import FrameEvaluation, LabelEvaluation
from lrcn_seq.records import Sample
from lrcn_seq.tasks._report_images import EXAMPLES, EXPLAINED, example_images
from lrcn_seq.tasks._task_explanation import explain_classes

if TYPE_CHECKING:
    from lrcn_seq.tasks.activity import Activity

TOP = 5
"""Number of labels listed for an example."""


def label_sections(
    task: Activity, evaluation: LabelEvaluation | FrameEvaluation
) -> list[report.Section | None]:
    """Return report sections on confusion, scores per class, calibration and example clips.

    Args:
        task: the task.
        evaluation: an evaluation of the task.
    """
    scores, noun = evaluation.report, evaluation.unit or task.noun
    if isinstance(evaluation, FrameEvaluation):
        count = min(EXAMPLES, len(evaluation.samples))
        examples = [frame_example(task, evaluation, index) for index in range(count)]
        clips = report.clip_examples(examples)
    else:
        correct = int(np.trace(scores.confusion))
        shown = informative(evaluation)
        errors = [i for i in shown if evaluation.predicted[i] != evaluation.truth[i]]
        right = [i for i in shown if i not in errors]
        explained = {*errors[:EXPLAINED], *right[:EXPLAINED]}
        examples = [label_example(task, evaluation, i, is_explained=i in explained) for i in shown]
        clips = report.clip_examples(examples, correct=correct, incorrect=scores.count - correct)
    return [
        report.confusion(scores.labels, scores.confusion, noun),
        report.per_class(scores.per_class, noun),
        report.calibration(scores.bins, noun),
        clips,
    ]


def informative(evaluation: LabelEvaluation) -> list[int]:
    """Return indices of the most confident errors and the least confident correct predictions."""
    confidence = evaluation.probabilities.max(axis=1)
    correct = evaluation.predicted == evaluation.truth
    errors = sorted(np.flatnonzero(~correct).tolist(), key=lambda index: -confidence[index])
    unsure = sorted(np.flatnonzero(correct).tolist(), key=lambda index: confidence[index])
    return [*errors[:EXAMPLES], *unsure[:EXAMPLES]]


def label_example(
    task: Activity, evaluation: LabelEvaluation, index: int, *, is_explained: bool = False
) -> report.ClipExample:
    """Return an example clip with the probabilities of its true and predicted labels over time.

    Args:
        task: the task.
        evaluation: an evaluation of the task.
        index: the index of the clip.
        is_explained: whether to compute Grad-CAM for the predicted label.
    """
    sample, row = evaluation.samples[index], evaluation.probabilities[index]
    names = evaluation.report.labels
    true_label, predicted = names[evaluation.truth[index]], names[row.argmax()]
    times, rows = probabilities_over_time(task, sample)
    labels = dict.fromkeys((true_label, predicted)) if len(times) else {}
    heat_maps: Sequence[Image.Image] = ()
    if is_explained and task.encoder.has_maps:
        explanation = explain_classes(task, sample.media, sample.id, [predicted])
        heat_maps = explanation.tiles(explanation.maps, 0)
    return report.ClipExample(
        name=sample.id,
        frames=example_images(task, sample),
        true_label=true_label,
        predicted=predicted,
        probability=float(row.max()),
        top=task.top_labels(row, TOP),
        times=times.tolist(),
        over_time={label: rows[:, names.index(label)].tolist() for label in labels},
        heat_maps=heat_maps,
    )


def frame_example(task: Activity, evaluation: FrameEvaluation, index: int) -> report.ClipExample:
    """Return an example clip with the probabilities of its most probable labels over time."""
    sample, rows = evaluation.samples[index], evaluation.probabilities[index]
    names = evaluation.report.labels
    top = task.top_labels(rows.mean(axis=0), TOP)
    return report.ClipExample(
        name=sample.id,
        frames=example_images(task, sample),
        true_label=None,
        predicted=top[0].label,
        probability=top[0].probability,
        top=top,
        times=evaluation.times[index].tolist(),
        over_time={name: rows[:, names.index(name)].tolist() for name, _ in top},
    )


def probabilities_over_time(task: Activity, sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Return times (T,) and class distributions (T, C) of frames, if the task can stream.

    Streaming requires a frame-wise encoder and a causal decoder; otherwise, the arrays are empty.
    """
    if not (task.encoder.frame_wise and task.decoder.causal):
        return np.zeros(0), np.zeros((0, len(task.labels)))
    times, outputs, _ = zip(*task.stream_frames(sample.media), strict=True)
    return np.concatenate(times), np.concatenate(outputs)
