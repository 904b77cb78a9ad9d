"""From a config to what training needs: samples that can be read, words, stored features, and the feed of batches."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from lrcn_seq import config as configs
from lrcn_seq import text
from lrcn_seq.config import Config
from lrcn_seq.data.captions import Captions
from lrcn_seq.data.clips import Choose, Look, known_times, looks_in_testing, looks_in_training, padded
from lrcn_seq.data.contents import Contents
from lrcn_seq.data.extraction import extract, items_of
from lrcn_seq.data.loader import FeatureReader, PictureReader, ReadClips, VectorReader, load
from lrcn_seq.data.plan import Plan, by_caption, by_picture, in_order
from lrcn_seq.data.sources._reading import shortened
from lrcn_seq.data.sources.base import Source
from lrcn_seq.data.store import FeatureStore, signature_of
from lrcn_seq.data.survey import Holds, settle, survey
from lrcn_seq.errors import ConfigError, DataError, Problem, RunError
from lrcn_seq.records import Clips, Sample
from lrcn_seq.registry import encoders, sources, tasks
from lrcn_seq.tasks.base import DERIVED, FRAMES_AT_ONCE, LABELS, TOKENIZER, FrameEncoder, Task, build, fit_tokenizer, labels_of, read_derived, read_labels
from lrcn_seq.training import files
from lrcn_seq.training.optimizer import rates_of
from lrcn_seq.training.run import Run

LEFT_OUT = "left_out.jsonl"
CONTENTS = "contents.jsonl"


class Corpus(NamedTuple):
    """The samples of a source that can be read, by split, what was noted about the source, and what is known of its files."""

    splits: dict[str, list[Sample]]
    notes: tuple[str, ...]
    contents: Contents

    @property
    def samples(self) -> list[Sample]:
        """All of them."""
        return [sample for split in self.splits.values() for sample in split]


def corpus_of(config: Config, run: Run | None = None, *, splits: Sequence[str] = ("train", "dev", "test")) -> Corpus:
    """Opens the source and every file of it once.

    Raises:
        DataError: files cannot be read (see `data.on_error`), or a split that is needed is empty.
    """
    source = sources.build(config.data.source, place="data.source")
    say_notes(source)
    wanted = [sample for sample in source if sample.split in splits]
    contents = contents_of(config)
    with progress("opening files") as told:
        readable = survey(
            wanted,
            contents=contents,
            on_error=config.data.on_error,
            most_lost=config.data.lost_share_limit,
            report=run / LEFT_OUT if run and config.data.on_error == "skip" else None,
            holds=holds(config),
            pixels_limit=config.data.pixels_limit,
            width=config.encoder.get("width"),
            progress=told,
        )
    if len(readable) < len(wanted):
        lost = {sample.id for sample in wanted} - {sample.id for sample in readable}
        where = f" {run / LEFT_OUT} says why." if run else ""
        print(f"{len(lost):,} of {len(wanted):,} files cannot be read and are left out ({shortened(sorted(lost))}).{where}", file=sys.stderr)
    by_split = {split: [sample for sample in readable if sample.split == split] for split in splits}
    return Corpus(by_split, tuple(source.notes), contents)


def say_notes(source: Source) -> None:
    """Tells on stderr what is left out of a source."""
    for note in source.notes:
        print(note, file=sys.stderr)


def check_splits(splits: Mapping[str, Sequence[Sample]]) -> None:
    """Raises DataError unless there is something to train on, and something to choose the best weights by."""
    if not splits["train"]:
        raise DataError("Expected training samples. Received: none in the split train.")
    if not splits["dev"]:
        raise DataError("Expected dev samples: the best weights are those with the best dev score. Received: none; give the source a dev share or split.")


def contents_of(config: Config, *, verify: bool = False) -> Contents:
    """What is remembered of files: on disk where features are kept there too."""
    return Contents(Path(config.data.store.folder) / CONTENTS if config.data.store.use else None, verify=verify)


def holds(config: Config) -> Holds:
    """What the media of a config's samples are."""
    if encoders.get(config.encoder["type"]).takes == "vectors":
        return "vectors"
    return "clips" if config.data.sampling else "pictures"


def network_problems(config: Config) -> list[Problem]:
    """What shows only when the networks of all stages are built: layers that do not exist, sizes that do not fit, weights that no stage can take over."""
    problems: list[Problem] = []
    before: dict[tuple[str, str], list[tuple[int, ...]]] = {}
    for number, stage in enumerate(configs.stages(config)):
        place = f"stages.{number}." if config.stages else ""
        try:
            task = build(stage, words=5, labels=2)
            rates_of(task, stage.training.rates)
            check_plan(task)
        except ConfigError as error:
            problems += [problem._replace(place=f"{place}{problem.place}") for problem in error.problems]
            continue
        shapes = {("encoder", ""): weight_shapes(task.encoder), ("decoder", stage.decoder["type"]): weight_shapes(task.decoder)}
        unfit = [part for part, found in shapes.items() if before.get(part, found) != found]
        problems += [Problem(f"{place}{part}", "the weights of the stage before do not fit it. Leave its arguments as they are.") for part, _ in unfit]
        before = shapes
    return problems


def weight_shapes(part: keras.layers.Layer) -> list[tuple[int, ...]]:
    """The shapes of the weights of an encoder or decoder, in their order."""
    return [tuple(weight.shape) for weight in part.weights]


class Answers(NamedTuple):
    """What the data decided about what a task can say: the words of its sentences, or its classes."""

    tokenizer: text.Tokenizer | None = None
    labels: tuple[str, ...] = ()

    def task(self, config: Config, *, pretrained: bool) -> Task:
        """A fresh task that says these."""
        size = {"labels": len(self.labels)} if self.tokenizer is None else {"words": self.tokenizer.vocabulary_size}
        task = build(config, **size, pretrained=pretrained)
        task.tokenizer, task.labels = self.tokenizer, self.labels
        return task


def answers_of(config: Config, run: Run, corpus: Corpus) -> Answers:
    """The tokenizer or the classes of a run: found in its data when it begins, read back later.

    Raises:
        RunError: a run that goes on is given other data.
    """
    if run.begun:
        check_same(run, corpus)
    if tasks.get(config.task["type"]).needs == "classes":
        return Answers(labels=_labels_of(run, corpus))
    path = run / TOKENIZER
    if not path.exists():
        tokenizer = fit_tokenizer(config, corpus.splits["train"])
        files.write_text(run / DERIVED, json.dumps({"words": tokenizer.vocabulary_size, "data": fingerprint(corpus)}))
        text.save(tokenizer, run / f".new.{TOKENIZER}")
        (run / f".new.{TOKENIZER}").replace(path)
    return Answers(text.load(path))


def fingerprint(corpus: Corpus) -> str:
    """A hash of what training sees of its samples: which they are, in which order, and what is said of each; not where they lie."""
    digest = sha256()
    for split in ("train", "dev"):
        for sample in corpus.splits[split]:
            digest.update(repr((split, sample.id, sample.captions, sample.label, [tuple(moment) for moment in sample.moments])).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def check_same(run: Run, corpus: Corpus) -> None:
    """Raises RunError where the samples of training are not those that a run began with: it could not go on to the same bits."""
    if read_derived(Path(run.folder)).get("data") not in (None, fingerprint(corpus)):
        sizes = " and ".join(f"{len(corpus.splits[split]):,} {split}" for split in ("train", "dev"))
        raise RunError(f"{run.folder}: --resume expected the samples that the run began with. Received: {sizes} samples, not all the same; give the same data, or a new --run.")


def _labels_of(run: Run, corpus: Corpus) -> tuple[str, ...]:
    if not (run / LABELS).exists():
        labels = labels_of(corpus.samples)
        if len(labels) < 2:
            raise DataError(f"Expected clips of at least two classes. Received: {', '.join(labels) or 'none with a label'}.")
        files.write_text(run / DERIVED, json.dumps({"labels": len(labels), "data": fingerprint(corpus)}))
        files.write_text(run / LABELS, json.dumps(labels, ensure_ascii=False))
    return read_labels(Path(run.folder))


def stores(task: Task) -> bool:
    """Whether features are stored: those of a frozen encoder whose frames are always seen the same way."""
    encoder, data = task.encoder, task.settings.data
    return data.store.use and encoder.frozen and encoder.frame_wise and data.view == {"type": "none"} and encoder.takes == "frames"


def check_plan(task: Task) -> None:
    """Raises ConfigError where the plan of batches needs features that are not stored."""
    if task.settings.data.plan == "by_caption" and task.needs == "vocabulary_size" and not stores(task):
        raise ConfigError([Problem("data.plan", "by_caption needs stored features (data.store.use, an encoder that is frozen and sees frame by frame, data.view none). Use by_picture or auto.")])


def store_of(config: Config, task: Task) -> FeatureStore | None:
    """The feature store of a task; None where features must be computed anew."""
    settings = config.data.store
    if not stores(task):
        return None
    return FeatureStore(settings.folder, signature_of(task.encoder.identity, task.encoder.preprocessing), settings.dtype)


def fill(config: Config, task: Task, store: FeatureStore, samples: Sequence[Sample], contents: Contents) -> list[str]:
    """Stores the features of samples that are not stored yet; the keys of all of them."""
    options = dict(sampling=task.sampling, modality=config.data.frames, pixels_limit=config.data.pixels_limit)
    items, losses = items_of(samples, task.encoder.preprocessing, contents=contents, **options)
    network = FrameEncoder(task.encoder)
    with progress("extracting features") as told:
        losses += extract(store, items, network.features, batch=FRAMES_AT_ONCE, progress=told)
    if losses:
        settle(losses, len(samples), on_error="raise", most_lost=0.0)
    return [item.key for item in items]


class Media:
    """How the clips of samples are read: from the store where the encoder is frozen, from their files otherwise."""

    def __init__(self, config: Config, task: Task, contents: Contents | None = None):
        self.config, self.task, self.store = config, task, store_of(config, task)
        self.contents = contents or contents_of(config)
        self._times: dict[str, np.ndarray] = {}

    def times(self, samples: Sequence[Sample]) -> list[np.ndarray]:
        """When the frames of each sample are shown; each is opened or drawn for it once."""
        for sample in samples:
            if sample.id not in self._times:
                self._times[sample.id] = self._measured(sample.media)
        return [self._times[sample.id] for sample in samples]

    def _measured(self, media: Any) -> np.ndarray:
        if self.task.encoder.takes == "vectors":
            return self.task.times(media)
        return known_times(media, self.contents, pixels_limit=self.config.data.pixels_limit)

    def looks(self, samples: Sequence[Sample]) -> list[Look]:
        """The clips that testing looks at, sample by sample."""
        if self.task.sampling is None:
            return [Look(place) for place in range(len(samples))]
        return looks_in_testing(self.times(samples), self.task.sampling, views=self.task.test_views)

    def reader(self, samples: Sequence[Sample]) -> Callable[[int | None], ReadClips]:
        """A function from an epoch (None: as in testing) to a reader of positions: of samples in an epoch, of `looks` in testing."""
        config, choose = self.config, self.chooser(samples)
        if self.store is not None:
            keys = fill(config, self.task, self.store, samples, self.contents)
            stored = [self.task.sampling.candidates(clock) for clock in self.times(samples)] if self.task.sampling else ()
            return lambda epoch: FeatureReader(self.store, keys, choose=choose(epoch) if self.task.sampling else None, stored=stored)
        if self.task.encoder.takes == "vectors":
            return lambda epoch: VectorReader(samples, choose=choose(epoch))
        options = dict(view=self.task.view, seed=config.seed, modality=config.data.frames, pixels_limit=config.data.pixels_limit)
        return lambda epoch: PictureReader(samples, self.task.encoder.preprocessing, choose=choose(epoch), epoch=epoch, **options)

    def chooser(self, samples: Sequence[Sample]) -> Callable[[int | None], Choose]:
        """A function from an epoch (None: as in testing) to what a position means."""
        testing, sampling = self.looks(samples), self.task.sampling
        if sampling is None:
            return lambda epoch: Look  # noqa: ARG005 - a picture looks the same in every epoch
        times, seed = self.times(samples), self.config.seed
        return lambda epoch: testing.__getitem__ if epoch is None else looks_in_training(times, sampling, seed=seed, epoch=epoch)

    def clips(self, samples: Sequence[Sample], batch: int) -> Iterator[Clips]:
        """The clips of `looks`, in order."""
        return (found.clips for found in load(in_order(len(self.looks(samples)), batch=batch), self.reader(samples)(None)))


class LabelFeed:
    """The batches of activity: every clip once an epoch, with one class or with the class of each frame."""

    def __init__(self, task: Task, media: Media, samples: Sequence[Sample]):
        self.config, self.read, self.samples, self.labels = task.settings, media.reader(samples), samples, task.labels
        self.weights = np.ones(len(samples), np.float32)
        self.in_time = any(sample.moments for sample in samples)
        if self.in_time:
            check_in_time(task)
            self.times, self.choose = media.times(samples), media.chooser(samples)
            return
        self.classes = classes_of(samples, task.labels)
        if task.settings.training.loss.class_weight == "balanced":
            counts = np.bincount(self.classes, minlength=len(task.labels))
            self.weights = (len(samples) / (counts > 0).sum() / counts[self.classes]).astype(np.float32)

    def plan(self, epoch: int) -> Plan:
        """The batches of an epoch, decided by the seed and the epoch alone."""
        clips = np.arange(len(self.samples))
        return by_picture(clips, np.ones_like(clips), batch=self.config.training.batch, captions=1, seed=self.config.seed, epoch=epoch)

    def batches(self, plan: Plan, epoch: int):
        """The batches of a slice of a plan, read ahead by threads."""
        choose = self.choose(epoch) if self.in_time else None
        return load(plan, self.read(epoch), labels=partial(self._labels, choose), threads=max(1, self.config.data.workers))

    def _labels(self, choose: Choose | None, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if choose is None:
            return self.classes[positions][:, None], self.weights[positions]
        rows = [classes_in_time(self.samples[p], self.times[p][choose(int(p)).numbers], self.labels) for p in positions]
        return padded(rows), self.weights[positions]


def check_in_time(task: Task) -> None:
    """Raises ConfigError unless a task can learn a class for every frame."""
    problems = []
    if not task.decoder.every_step:
        problems.append(Problem("decoder", "the data have labels in time, which need an answer at every step. Use lstm_frames with output: every_step."))
    if task.settings.training.loss.class_weight != "none":
        problems.append(Problem("training.loss.class_weight", "the data have labels in time; only whole clips can be weighted. Leave it out."))
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
            raise DataError(f"{sample.id}: expected one of the classes {shortened(labels, 8)}. Received: {'no label' if sample.label is None else repr(sample.label)}.")
    return np.array([places[sample.label] for sample in samples], np.int32)


def feed_of(task: Task, media: Media, samples: Sequence[Sample]) -> CaptionFeed | LabelFeed:
    """The batches that a task trains on."""
    if task.needs == "classes":
        return LabelFeed(task, media, samples)
    check_plan(task)
    return CaptionFeed(task.settings, media, samples, task.tokenizer)


class CaptionFeed:
    """The batches of captioning: by caption over stored features, by picture where the CNN is in the graph."""

    def __init__(self, config: Config, media: Media, samples: Sequence[Sample], tokenizer: text.Tokenizer):
        self.config, self.read = config, media.reader(samples)
        encoded = iter(tokenizer.encode_all(caption for sample in samples for caption in sample.captions))
        self.captions = Captions(([next(encoded) for _ in sample.captions] for sample in samples), limit=config.data.words_limit)
        if not len(self.captions):
            raise DataError("Expected training samples with sentences. Received: samples without any.")
        self.by_caption = config.data.plan == "by_caption" or (config.data.plan == "auto" and media.store is not None)

    def plan(self, epoch: int) -> Plan:
        """The batches of an epoch, decided by the seed and the epoch alone."""
        settings, captions = self.config, self.captions
        options = dict(seed=settings.seed, epoch=epoch)
        if self.by_caption:
            return by_caption(captions.owner, captions.lengths, batch=settings.training.batch, **options)
        per_picture = settings.data.captions_per_picture
        pictures = max(1, settings.training.batch // per_picture)
        return by_picture(captions.owner, captions.lengths, batch=pictures, captions=per_picture, **options)

    def batches(self, plan: Plan, epoch: int):
        """The batches of a slice of a plan, read ahead by threads."""
        return load(plan, self.read(epoch), captions=self.captions, threads=max(1, self.config.data.workers))


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr while a terminal looks on; a function that tells it how many of how many are done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
