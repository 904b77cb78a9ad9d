"""A reader of the clips of samples, from the feature store if there is one, or from files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrcn_seq.config import Config
from lrcn_seq.data.batches.loader import ClipReader, ReadClips, load
from lrcn_seq.data.batches.plan import in_order
from lrcn_seq.data.clip_selection import (
    ClipSelection,
    SelectClip,
    evaluation_clips,
    training_clips,
)
from lrcn_seq.data.media import ContentIndex
from lrcn_seq.data.survey import check_unreadable
from lrcn_seq.features.extraction import extract, items_of
from lrcn_seq.features.feature_reader import FeatureReader
from lrcn_seq.features.key import signature_of
from lrcn_seq.features.reuse import storing_problem
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.progress import progress_bar
from lrcn_seq.records import Clips, Sample

if TYPE_CHECKING:
    from lrcn_seq.tasks.base import Task

CONTENT_INDEX = "contents.jsonl"


def content_index(config: Config, *, verify: bool = False) -> ContentIndex:
    """Return the content index of media files, saved in the store folder if a store is used.

    Args:
        config: the config of a run.
        verify: whether to hash every file again instead of trusting its size and modification time.
    """
    store = config.data.store
    return ContentIndex(Path(store.folder) / CONTENT_INDEX if store.use else None, verify=verify)


class SampleReader:
    """A reader of the clips of samples for one task.

    Args:
        task: the task, with its encoder, sampling and view.
        index: the content index of media files; None for the index of the config's store.
    """

    def __init__(self, task: Task, index: ContentIndex | None = None):
        self.task = task
        self.media = task.media.with_index(index or content_index(task.settings))
        self.store = open_store(task)
        self._times: dict[str, np.ndarray] = {}

    def times(self, samples: Sequence[Sample]) -> list[np.ndarray]:
        """Return for each sample the times of its frames, (F,) in seconds."""
        for sample in samples:
            if sample.id not in self._times:
                self._times[sample.id] = self.media.times(sample.media)
        return [self._times[sample.id] for sample in samples]

    def test_clips(self, samples: Sequence[Sample]) -> list[ClipSelection]:
        """Return the clips that an evaluation reads, in the order of their samples."""
        if self.task.sampling is None:
            return [ClipSelection(position) for position in range(len(samples))]
        views = self.task.test_views
        return evaluation_clips(self.times(samples), self.task.sampling, views=views)

    def epoch_selections(self, samples: Sequence[Sample]) -> Callable[[int | None], SelectClip]:
        """Return a function that maps an epoch to a function from positions to clip selections.

        A position is an index into `samples` in a training epoch, and into `test_clips` if the
        epoch is None.
        """
        testing, sampling = self.test_clips(samples), self.task.sampling
        if sampling is None:
            return lambda epoch: ClipSelection  # noqa: ARG005 - images are independent of the epoch
        times, seed = self.times(samples), self.task.settings.seed

        def select(epoch: int | None) -> SelectClip:
            if epoch is None:
                return testing.__getitem__
            return training_clips(times, sampling, seed=seed, epoch=epoch)

        return select

    def epoch_readers(self, samples: Sequence[Sample]) -> Callable[[int | None], ReadClips]:
        """Return a function that maps an epoch, or None for evaluation, to a reader of clips.

        If there is a feature store, missing features are extracted first.
        """
        sampling, selections = self.task.sampling, self.epoch_selections(samples)
        if self.store is not None:
            store, keys = self.store, self.extract(self.store, samples)
            if sampling is None:
                return lambda epoch: FeatureReader(store, keys)  # noqa: ARG005 - there is one stored view
            stored = [sampling.candidates(clock) for clock in self.times(samples)]
            return lambda epoch: FeatureReader(store, keys, select=selections(epoch), stored=stored)
        seed = self.task.settings.seed
        return lambda epoch: ClipReader(
            samples, self.media, select=selections(epoch), seed=seed, epoch=epoch
        )

    def clips(self, samples: Sequence[Sample], batch: int) -> Iterator[Clips]:
        """Yield the clips of `test_clips` in batches, in order."""
        plan = in_order(len(self.test_clips(samples)), batch=batch)
        return (found.clips for found in load(plan, self.epoch_readers(samples)(None)))

    def extract(self, store: FeatureStore, samples: Sequence[Sample]) -> list[str]:
        """Extract and store the missing features of samples.

        Args:
            store: the feature store of the task.
            samples: the samples.

        Returns:
            The key of each sample in the store.

        Raises:
            DataError: a file cannot be read, or the store cannot be written to.
        """
        items, unreadable = items_of(samples, self.media, sampling=self.task.sampling)
        with progress_bar("extracting features") as progress:
            encode = self.task.frame_encoder.features
            unreadable += extract(store, items, encode, progress=progress)
        if unreadable:
            check_unreadable(unreadable, len(samples), on_error="raise", lost_share_limit=0.0)
        return [item.key for item in items]


def open_store(task: Task) -> FeatureStore | None:
    """Return the feature store of a task, or None if its features cannot be stored."""
    if task_storing_problem(task):
        return None
    store = task.settings.data.store
    signature = signature_of(task.encoder.identity(), task.encoder.preprocessing)
    return FeatureStore(store.folder, signature, store.dtype)


def task_storing_problem(task: Task) -> str | None:
    """Return the reason why the features of a task cannot be stored, or None."""
    encoder, data = task.encoder, task.settings.data
    return storing_problem(
        use=data.store.use,
        reads_pixels=task.media.reads_pixels,
        frozen=encoder.frozen,
        frame_wise=encoder.frame_wise,
        view=data.view,
    )
