"""What training is fed: the batches of an epoch, of sentences and of labels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from lrcn_seq import text
from lrcn_seq.config import Config
from lrcn_seq.data.batches.captions import Captions
from lrcn_seq.data.batches.loader import load
from lrcn_seq.data.batches.plan import Plan, by_caption, by_picture
from lrcn_seq.data.clip_selection import SelectClip
from lrcn_seq.data.packed_clips import pad_rows
from lrcn_seq.data.sources._reading import shortened
from lrcn_seq.errors import ConfigError, DataError, Problem
from lrcn_seq.records import Sample
from lrcn_seq.tasks import Task
from lrcn_seq.training.preparation import Media, check_plan


def feed_of(task: Task, media: Media, samples: Sequence[Sample]) -> CaptionFeed | LabelFeed:
    """The batches that a task trains on."""
    if task.needs == "classes":
        return LabelFeed(task, media, samples)
    check_plan(task)
    return CaptionFeed(task.settings, media, samples, task.tokenizer)


class LabelFeed:
    """The batches of activity: every clip once an epoch, with one class or with the class of each frame."""

    def __init__(self, task: Task, media: Media, samples: Sequence[Sample]):
        self.config, self.read, self.samples, self.labels = (
            task.settings,
            media.reader(samples),
            samples,
            task.labels,
        )
        self.weights = np.ones(len(samples), np.float32)
        self.in_time = any(sample.moments for sample in samples)
        if self.in_time:
            check_in_time(task)
            self.times, self.choose = media.times(samples), media.chooser(samples)
            return
        self.classes = classes_of(samples, task.labels)
        if task.settings.training.loss.class_weight == "balanced":
            counts = np.bincount(self.classes, minlength=len(task.labels))
            self.weights = (len(samples) / (counts > 0).sum() / counts[self.classes]).astype(
                np.float32
            )

    def plan(self, epoch: int) -> Plan:
        """The batches of an epoch, decided by the seed and the epoch alone."""
        clips = np.arange(len(self.samples))
        return by_picture(
            clips,
            np.ones_like(clips),
            batch=self.config.training.batch,
            captions=1,
            seed=self.config.seed,
            epoch=epoch,
        )

    def batches(self, plan: Plan, epoch: int):
        """The batches of a slice of a plan, read ahead by threads."""
        choose = self.choose(epoch) if self.in_time else None
        return load(
            plan,
            self.read(epoch),
            labels=partial(self._labels, choose),
            threads=max(1, self.config.data.workers),
        )

    def _labels(
        self, choose: SelectClip | None, positions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        if choose is None:
            return self.classes[positions][:, None], self.weights[positions]
        rows = [
            classes_in_time(self.samples[p], self.times[p][choose(int(p)).numbers], self.labels)
            for p in positions
        ]
        return pad_rows(rows), self.weights[positions]


def check_in_time(task: Task) -> None:
    """Raises ConfigError unless a task can learn a class for every frame."""
    problems = []
    if not task.decoder.every_step:
        problems.append(
            Problem(
                "decoder",
                "the data have labels in time, which need an answer at every step. Use lstm_frames with output: every_step.",
            )
        )
    if task.settings.training.loss.class_weight != "none":
        problems.append(
            Problem(
                "training.loss.class_weight",
                "the data have labels in time; only whole clips can be weighted. Leave it out.",
            )
        )
    if problems:
        raise ConfigError(problems)


def classes_in_time(sample: Sample, times: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """The class at each of times (T,) int32, −1 where there is none; of moments that overlap, that of the last."""
    found = np.full(len(times), -1, np.int32)
    for moment in sample.moments:
        found[(times >= moment.start) & (times < moment.end)] = labels.index(moment.label)
    return found


def classes_of(samples: Sequence[Sample], labels: Sequence[str]) -> np.ndarray:
    """The class of each sample, (M,) int32.

    Raises:
        DataError: a sample has none, or one that the classifier does not know.
    """
    places = {label: place for place, label in enumerate(labels)}
    for sample in samples:
        if sample.label not in places:
            raise DataError(
                f"{sample.id}: expected one of the classes {shortened(labels, 8)}. Received: {'no label' if sample.label is None else repr(sample.label)}."
            )
    return np.array([places[sample.label] for sample in samples], np.int32)


class CaptionFeed:
    """The batches of captioning: by caption over stored features, by picture where the CNN is in the graph."""

    def __init__(
        self, config: Config, media: Media, samples: Sequence[Sample], tokenizer: text.Tokenizer
    ):
        self.config, self.read = config, media.reader(samples)
        encoded = iter(
            tokenizer.encode_all(caption for sample in samples for caption in sample.captions)
        )
        self.captions = Captions(
            ([next(encoded) for _ in sample.captions] for sample in samples),
            limit=config.data.words_limit,
        )
        if not len(self.captions):
            raise DataError(
                "Expected training samples with sentences. Received: samples without any."
            )
        self.by_caption = config.data.plan == "by_caption" or (
            config.data.plan == "auto" and media.store is not None
        )

    def plan(self, epoch: int) -> Plan:
        """The batches of an epoch, decided by the seed and the epoch alone."""
        settings, captions = self.config, self.captions
        options = dict(seed=settings.seed, epoch=epoch)
        if self.by_caption:
            return by_caption(
                captions.owner, captions.lengths, batch=settings.training.batch, **options
            )
        per_picture = settings.data.captions_per_picture
        pictures = max(1, settings.training.batch // per_picture)
        return by_picture(
            captions.owner, captions.lengths, batch=pictures, captions=per_picture, **options
        )

    def batches(self, plan: Plan, epoch: int):
        """The batches of a slice of a plan, read ahead by threads."""
        return load(
            plan, self.read(epoch), captions=self.captions, threads=max(1, self.config.data.workers)
        )
