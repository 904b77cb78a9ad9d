"""From a config to what training needs: samples that can be read, words, stored features, and readers of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from lrcn_seq import config as configs
from lrcn_seq import text
from lrcn_seq.config import Config
from lrcn_seq.data.batches.loader import ClipReader, ReadClips, load
from lrcn_seq.data.batches.plan import in_order
from lrcn_seq.data.clip_selection import (
    ClipSelection,
    SelectClip,
    evaluation_clips,
    training_clips,
)
from lrcn_seq.data.media import ContentIndex, MediaKind, MediaReader, media_kind
from lrcn_seq.data.sources._reading import shortened
from lrcn_seq.data.sources.base import Source
from lrcn_seq.data.survey import check_unreadable, survey
from lrcn_seq.errors import ConfigError, DataError, Problem, RunError
from lrcn_seq.features.extraction import extract, items_of
from lrcn_seq.features.feature_reader import FeatureReader
from lrcn_seq.features.key import signature_of
from lrcn_seq.features.reuse import storing_problem
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.records import Clips, Sample
from lrcn_seq.registry import encoders, sources, tasks
from lrcn_seq.runs import files
from lrcn_seq.runs.folder import Run
from lrcn_seq.tasks.base import (
    DERIVED,
    FRAMES_AT_ONCE,
    LABELS,
    TOKENIZER,
    FrameEncoder,
    Task,
    build,
    fit_tokenizer,
    labels_of,
    read_derived,
    read_labels,
)
from lrcn_seq.training.optimizer import rates_of

LEFT_OUT = "left_out.jsonl"
CONTENTS = "contents.jsonl"


class Corpus(NamedTuple):
    """The samples of a source that can be read, by split, what was noted about the source, and what is known of its files."""

    splits: dict[str, list[Sample]]
    notes: tuple[str, ...]
    contents: ContentIndex

    @property
    def samples(self) -> list[Sample]:
        """All of them."""
        return [sample for split in self.splits.values() for sample in split]


def corpus_of(
    config: Config, run: Run | None = None, *, splits: Sequence[str] = ("train", "dev", "test")
) -> Corpus:
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
            MediaReader(
                holds(config),
                vector_width=config.encoder.get("width"),
                pixels_limit=config.data.pixels_limit,
                index=contents,
            ),
            on_error=config.data.on_error,
            lost_share_limit=config.data.lost_share_limit,
            total=len(source),
            report=run / LEFT_OUT if run and config.data.on_error == "skip" else None,
            progress=told,
        )
    if len(readable) < len(wanted):
        lost = {sample.id for sample in wanted} - {sample.id for sample in readable}
        where = f" {run / LEFT_OUT} says why." if run else ""
        print(
            f"{len(lost):,} of {len(wanted):,} files cannot be read and are left out ({shortened(sorted(lost))}).{where}",
            file=sys.stderr,
        )
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
        raise DataError(
            f"Expected dev samples: the best weights are those with the best dev score. Received: none, and {len(splits['train']):,} in train; "
            "raise data.source.dev, draw anew with data.source.seed, or say in the data itself which samples are dev."
        )


def contents_of(config: Config, *, verify: bool = False) -> ContentIndex:
    """What is remembered of files: on disk where features are kept there too."""
    return ContentIndex(
        Path(config.data.store.folder) / CONTENTS if config.data.store.use else None, verify=verify
    )


def holds(config: Config) -> MediaKind:
    """What the media of a config's samples are."""
    takes = encoders.get(config.encoder["type"]).takes
    return media_kind(takes, sampled=bool(config.data.sampling))


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
            problems += [
                problem._replace(place=f"{place}{problem.place}") for problem in error.problems
            ]
            continue
        shapes = {
            ("encoder", ""): weight_shapes(task.encoder),
            ("decoder", stage.decoder["type"]): weight_shapes(task.decoder),
        }
        unfit = [part for part, found in shapes.items() if before.get(part, found) != found]
        problems += [
            Problem(
                f"{place}{part}",
                "the weights of the stage before do not fit it. Leave its arguments as they are.",
            )
            for part, _ in unfit
        ]
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
        size = (
            {"labels": len(self.labels)}
            if self.tokenizer is None
            else {"words": self.tokenizer.vocabulary_size}
        )
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
        files.write_text(
            run / DERIVED,
            json.dumps({"words": tokenizer.vocabulary_size, "samples": fingerprint(corpus)}),
        )
        text.save(tokenizer, run / f".new.{TOKENIZER}")
        (run / f".new.{TOKENIZER}").replace(path)
    return Answers(text.load(path))


def fingerprint(corpus: Corpus) -> str:
    """A hash of what training sees of its samples: which they are, in which order, what is in each and what is said of it; not where they lie."""
    digest, reader = sha256(), MediaReader("clips", index=corpus.contents)
    for split in ("train", "dev"):
        for sample in corpus.splits[split]:
            content = reader.content_hash(sample.media)
            digest.update(
                repr(
                    (
                        split,
                        sample.id,
                        content,
                        sample.captions,
                        sample.label,
                        [tuple(moment) for moment in sample.moments],
                    )
                ).encode("utf-8", "backslashreplace")
            )
    return digest.hexdigest()


def check_same(run: Run, corpus: Corpus) -> None:
    """Raises RunError where the samples of training are not those that a run began with: it could not go on to the same bits."""
    if read_derived(Path(run.folder)).get("samples") not in (None, fingerprint(corpus)):
        sizes = " and ".join(f"{len(corpus.splits[split]):,} {split}" for split in ("train", "dev"))
        raise RunError(
            f"{run.folder}: --resume expected the samples that the run began with. Received: {sizes} samples, not all the same; give the same data, or a new --run."
        )


def _labels_of(run: Run, corpus: Corpus) -> tuple[str, ...]:
    if not (run / LABELS).exists():
        labels = labels_to_learn(corpus.samples)
        files.write_text(
            run / DERIVED, json.dumps({"labels": len(labels), "samples": fingerprint(corpus)})
        )
        files.write_text(run / LABELS, json.dumps(labels, ensure_ascii=False))
    return read_labels(Path(run.folder))


def labels_to_learn(samples: Sequence[Sample]) -> tuple[str, ...]:
    """The classes that samples have.

    Raises:
        DataError: there are less than two.
    """
    labels = labels_of(samples)
    if len(labels) < 2:
        raise DataError(
            f"Expected clips of at least two classes. Received: {', '.join(labels) or 'none with a label'}."
        )
    return labels


def check_answers(config: Config, splits: Mapping[str, Sequence[Sample]]) -> None:
    """Raises DataError where there are no words or classes to learn."""
    if tasks.get(config.task["type"]).needs == "classes":
        labels_to_learn([sample for samples in splits.values() for sample in samples])
    else:
        fit_tokenizer(config, splits["train"])


def why_not_stored(task: Task) -> str | None:
    """The reason why the features of a task's encoder cannot be stored, or None."""
    encoder, data = task.encoder, task.settings.data
    return storing_problem(
        use=data.store.use,
        takes=encoder.takes,
        frozen=encoder.frozen,
        frame_wise=encoder.frame_wise,
        view=data.view,
    )


def check_plan(task: Task) -> None:
    """Raises ConfigError where the plan of batches needs features that are not stored."""
    reason = why_not_stored(task)
    if task.settings.data.plan == "by_caption" and task.needs == "vocabulary_size" and reason:
        raise ConfigError(
            [
                Problem(
                    "data.plan",
                    f"by_caption needs stored features, but {reason}. Use by_picture or auto.",
                )
            ]
        )


def store_of(config: Config, task: Task) -> FeatureStore | None:
    """The feature store of a task; None where features must be computed anew."""
    settings = config.data.store
    if why_not_stored(task):
        return None
    return FeatureStore(
        settings.folder,
        signature_of(task.encoder.identity, task.encoder.preprocessing),
        settings.dtype,
    )


def fill(
    config: Config,
    task: Task,
    store: FeatureStore,
    samples: Sequence[Sample],
    contents: ContentIndex,
) -> list[str]:
    """Stores the features of samples that are not stored yet; the keys of all of them."""
    items, losses = items_of(samples, task.reader.with_index(contents), sampling=task.sampling)
    network = FrameEncoder(task.encoder)
    with progress("extracting features") as told:
        losses += extract(store, items, network.features, batch=FRAMES_AT_ONCE, progress=told)
    if losses:
        check_unreadable(losses, len(samples), on_error="raise", lost_share_limit=0.0)
    return [item.key for item in items]


class Media:
    """How the clips of samples are read: from the store where the encoder is frozen, from their files otherwise."""

    def __init__(self, config: Config, task: Task, contents: ContentIndex | None = None):
        self.config, self.task, self.store = config, task, store_of(config, task)
        self.contents = contents or contents_of(config)
        self.media_reader = task.reader.with_index(self.contents)
        self._times: dict[str, np.ndarray] = {}

    def times(self, samples: Sequence[Sample]) -> list[np.ndarray]:
        """When the frames of each sample are shown; each is opened or drawn for it once."""
        for sample in samples:
            if sample.id not in self._times:
                self._times[sample.id] = self.media_reader.times(sample.media)
        return [self._times[sample.id] for sample in samples]

    def looks(self, samples: Sequence[Sample]) -> list[ClipSelection]:
        """The clips that testing looks at, sample by sample."""
        if self.task.sampling is None:
            return [ClipSelection(place) for place in range(len(samples))]
        return evaluation_clips(self.times(samples), self.task.sampling, views=self.task.test_views)

    def reader(self, samples: Sequence[Sample]) -> Callable[[int | None], ReadClips]:
        """A function from an epoch (None: as in testing) to a reader of positions: of samples in an epoch, of `looks` in testing."""
        config, choose = self.config, self.chooser(samples)
        if self.store is not None:
            keys = fill(config, self.task, self.store, samples, self.contents)
            stored = (
                [self.task.sampling.candidates(clock) for clock in self.times(samples)]
                if self.task.sampling
                else ()
            )
            return lambda epoch: FeatureReader(
                self.store,
                keys,
                select=choose(epoch) if self.task.sampling else None,
                stored=stored,
            )
        return lambda epoch: ClipReader(
            samples, self.media_reader, select=choose(epoch), seed=config.seed, epoch=epoch
        )

    def chooser(self, samples: Sequence[Sample]) -> Callable[[int | None], SelectClip]:
        """A function from an epoch (None: as in testing) to what a position means."""
        testing, sampling = self.looks(samples), self.task.sampling
        if sampling is None:
            return lambda epoch: ClipSelection  # noqa: ARG005 - a picture looks the same in every epoch
        times, seed = self.times(samples), self.config.seed
        return lambda epoch: (
            testing.__getitem__
            if epoch is None
            else training_clips(times, sampling, seed=seed, epoch=epoch)
        )

    def clips(self, samples: Sequence[Sample], batch: int) -> Iterator[Clips]:
        """The clips of `looks`, in order."""
        return (
            found.clips
            for found in load(
                in_order(len(self.looks(samples)), batch=batch), self.reader(samples)(None)
            )
        )


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr while a terminal looks on; a function that tells it how many of how many are done."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(file=sys.stderr)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
