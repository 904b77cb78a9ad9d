"""Training batches of clips with one label per clip or per frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from lrcn_seq.config.sizing import size_batch
from lrcn_seq.data.batches.loader import load
from lrcn_seq.data.batches.plan import Plan, by_image
from lrcn_seq.data.clip_selection import SelectClip
from lrcn_seq.data.packed_clips import pad_rows
from lrcn_seq.errors import ConfigError, DataError, Problem, shorten_names
from lrcn_seq.records import LabeledBatch, Sample
from lrcn_seq.tasks._sample_reader import SampleReader

if TYPE_CHECKING:
    from lrcn_seq.tasks.activity import Activity


class LabelFeed:
    """Training batches that contain every clip once per epoch, with one class per clip or frame.

    Args:
        task: the task to train.
        reader: reads the clips of samples.
        samples: the training samples.

    Raises:
        ConfigError: the samples have labels that change over time and the task cannot learn them.
        DataError: a sample has no class, or a class that the task does not know.
    """

    def __init__(self, task: Activity, reader: SampleReader, samples: Sequence[Sample]):
        self.settings, self.samples, self.labels = task.settings, samples, task.labels
        self.clips_of_epoch = reader.epoch_readers(samples)
        size = task.settings.training.batch_size
        self.batch_size = size_batch(len(samples)) if size == "auto" else size
        self.weights = np.ones(len(samples), np.float32)
        self.in_time = any(sample.moments for sample in samples)
        if self.in_time:
            check_labels_in_time(task)
            self.times, self.selections = reader.times(samples), reader.epoch_selections(samples)
            return
        self.classes = class_indices(samples, task.labels)
        if task.settings.training.loss.class_weight == "balanced":
            self.weights = balanced_weights(self.classes, len(task.labels))

    def plan(self, epoch: int) -> Plan:
        """Return the batch plan of an epoch; the same seed and epoch give the same plan."""
        clips = np.arange(len(self.samples))
        return by_image(
            clips,
            np.ones_like(clips),
            batch=self.batch_size,
            captions=1,
            seed=self.settings.seed,
            epoch=epoch,
        )

    def batches(self, plan: Plan, epoch: int) -> Iterable[LabeledBatch]:
        """Return the batches of a slice of a batch plan; threads read them in advance."""
        targets = (
            partial(self._frame_targets, self.selections(epoch)) if self.in_time else self._targets
        )
        threads = max(1, self.settings.data.workers)
        return load(plan, self.clips_of_epoch(epoch), labels=targets, threads=threads)

    def _targets(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the class index (P, 1) and the weight (P,) of each clip."""
        return self.classes[positions][:, None], self.weights[positions]

    def _frame_targets(
        self, select: SelectClip, positions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the class indices (P, T) of the frames and the weight (P,) of each clip."""
        rows = [
            frame_classes(self.samples[p], self.times[p][select(int(p)).numbers], self.labels)
            for p in positions
        ]
        return pad_rows(rows), self.weights[positions]


def balanced_weights(classes: np.ndarray, count: int) -> np.ndarray:
    """Return weights (M,) of samples, inverse to the frequency of their class, with mean 1.

    Args:
        classes: (M,) class indices.
        count: the number of classes.
    """
    frequency = np.bincount(classes, minlength=count)
    return (len(classes) / (frequency > 0).sum() / frequency[classes]).astype(np.float32)


def check_labels_in_time(task: Activity) -> None:
    """Raise ConfigError unless a task can learn labels that change over time."""
    problems = []
    if not task.decoder.every_step:
        problems.append(
            Problem(
                "decoder",
                "labels that change over time need an output at every step. "
                "Use lstm_frames with output: every_step.",
            )
        )
    if task.settings.training.loss.class_weight != "none":
        problems.append(
            Problem(
                "training.loss.class_weight",
                "class weights apply to whole clips, but the data have labels that change over "
                "time. Remove class_weight.",
            )
        )
    if problems:
        raise ConfigError(problems)


def frame_classes(sample: Sample, times: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """Return the class index of a sample at each of the given times.

    Args:
        sample: a sample with labels that change over time.
        times: (T,) seconds.
        labels: class names.

    Returns:
        (T,) int32 class indices, −1 where there is no label; where moments overlap, the label of
        the last one counts.
    """
    classes = np.full(len(times), -1, np.int32)
    for moment in sample.moments:
        inside = (times >= moment.start) & (times < moment.end)
        classes[inside] = labels.index(moment.label)
    return classes


def class_indices(samples: Sequence[Sample], labels: Sequence[str]) -> np.ndarray:
    """Return the class index of each sample, (M,) int32.

    Raises:
        DataError: a sample has no label, or a label that is not in `labels`.
    """
    indices = {label: index for index, label in enumerate(labels)}
    for sample in samples:
        if sample.label not in indices:
            received = "no label" if sample.label is None else repr(sample.label)
            raise DataError(
                f"{sample.id}: expected one of the classes {shorten_names(labels, 8)}. "
                f"Received: {received}."
            )
    return np.array([indices[str(sample.label)] for sample in samples], np.int32)
