"""From a config to what training needs: samples that can be read, words, stored features, and the feed of batches."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from lrcn_seq import text
from lrcn_seq.config import Config
from lrcn_seq.data.captions import Captions
from lrcn_seq.data.contents import Contents
from lrcn_seq.data.extraction import extract, items_of
from lrcn_seq.data.loader import FeatureReader, PictureReader, load
from lrcn_seq.data.plan import Plan, by_caption, by_picture, in_order
from lrcn_seq.data.store import FeatureStore, signature_of
from lrcn_seq.data.survey import settle, survey
from lrcn_seq.errors import ConfigError, DataError, Problem
from lrcn_seq.records import Clips, Sample
from lrcn_seq.registry import sources, views
from lrcn_seq.tasks.base import DERIVED, TOKENIZER, Task, fit_tokenizer
from lrcn_seq.training import files
from lrcn_seq.training.run import Run

LEFT_OUT = "left_out.jsonl"
CONTENTS = "contents.jsonl"


class Corpus(NamedTuple):
    """The samples of a source that can be read, by split, and what was noted about the source."""

    splits: dict[str, list[Sample]]
    notes: tuple[str, ...]

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
    wanted = [sample for sample in source if sample.split in splits]
    contents = Contents(Path(config.data.store.folder) / CONTENTS if config.data.store.use else None)
    with progress("opening files") as told:
        readable = survey(
            wanted,
            contents=contents,
            on_error=config.data.on_error,
            most_lost=config.data.lost_share_limit,
            report=run / LEFT_OUT if run and config.data.on_error == "skip" else None,
            pixels_limit=config.data.pixels_limit,
            progress=told,
        )
    by_split = {split: [sample for sample in readable if sample.split == split] for split in splits}
    return Corpus(by_split, tuple(source.notes))


def tokenizer_of(config: Config, run: Run, corpus: Corpus) -> text.Tokenizer:
    """The tokenizer of a run: fitted on its training sentences when it begins, read back later."""
    path = run / TOKENIZER
    if not path.exists():
        tokenizer = fit_tokenizer(config, corpus.splits["train"])
        files.write_text(run / DERIVED, json.dumps({"words": tokenizer.vocabulary_size}))
        text.save(tokenizer, run / f".new.{TOKENIZER}")
        (run / f".new.{TOKENIZER}").replace(path)
    return text.load(path)


def store_of(config: Config, task: Task) -> FeatureStore | None:
    """The feature store of a frozen encoder whose frames are always seen the same way; None where features must be computed anew."""
    settings = config.data.store
    if not (settings.use and task.encoder.frozen and config.data.view == {"type": "none"} and task.encoder.takes == "frames"):
        return None
    return FeatureStore(settings.folder, signature_of(task.encoder.identity, task.encoder.preprocessing), settings.dtype)


def fill(config: Config, task: Task, store: FeatureStore, samples: Sequence[Sample], *, verify: bool = False) -> list[str]:
    """Stores the features of samples that are not stored yet; the keys of all of them."""
    contents = Contents(Path(config.data.store.folder) / CONTENTS, verify=verify)
    items, losses = items_of(samples, task.encoder.preprocessing, contents=contents, pixels_limit=config.data.pixels_limit)
    network = FrameEncoder(task.encoder)
    with progress("extracting features") as told:
        losses += extract(store, items, lambda frames: np.asarray(network.predict_on_batch(frames)), batch=32, progress=told)
    if losses:
        settle(losses, len(samples), on_error="raise", most_lost=0.0)
    return [item.key for item in items]


class FrameEncoder(keras.Model):
    """The frame-wise part of an encoder as a model, so that every backend compiles it."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def call(self, frames):
        """Packed frames (N, H, W, 3) to features (N, R, D)."""
        return ops.cast(self.encoder.encode_frames(frames, training=False), "float32")


class Media:
    """How the clips of samples are read: from the store where the encoder is frozen, from their files otherwise."""

    def __init__(self, config: Config, task: Task):
        self.config, self.task, self.store = config, task, store_of(config, task)
        self.view = views.build(config.data.view, place="data.view")

    def reader(self, samples: Sequence[Sample]) -> Callable[[int | None], Callable[[np.ndarray], Clips]]:
        """A function from an epoch (None: as in testing) to a reader of positions."""
        if self.store is not None:
            stored = FeatureReader(self.store, fill(self.config, self.task, self.store, samples))
            return lambda epoch: stored
        options = dict(view=self.view, seed=self.config.seed, pixels_limit=self.config.data.pixels_limit)
        return lambda epoch: PictureReader(samples, self.task.encoder.preprocessing, epoch=epoch, **options)

    def clips(self, samples: Sequence[Sample], batch: int) -> list | Iterator[Clips]:
        """The clips of samples in order, as in testing."""
        return (found.clips for found in load(in_order(len(samples), batch=batch), self.reader(samples)(None)))


class CaptionFeed:
    """The batches of captioning: by caption over stored features, by picture where the CNN is in the graph."""

    def __init__(self, config: Config, media: Media, samples: Sequence[Sample], tokenizer: text.Tokenizer):
        if not samples:
            raise DataError("Expected training samples with sentences. Received: none in the split train.")
        self.config, self.read = config, media.reader(samples)
        encoded = iter(tokenizer.encode_all(caption for sample in samples for caption in sample.captions))
        self.captions = Captions(([next(encoded) for _ in sample.captions] for sample in samples), limit=config.data.words_limit)
        if not len(self.captions):
            raise DataError("Expected training samples with sentences. Received: samples without any.")
        self.by_caption = config.data.plan == "by_caption" or (config.data.plan == "auto" and media.store is not None)
        if media.store is None and self.by_caption and media.view is not None and config.data.plan == "by_caption":
            raise ConfigError([Problem("data.plan", "by_caption needs stored features (a frozen encoder, data.view none). Use by_picture or auto.")])

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
