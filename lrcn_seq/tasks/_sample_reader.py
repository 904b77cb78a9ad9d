"""Reading the clips of samples: from the feature store of a frozen encoder, or from their files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lrcn_seq.config import Config
from lrcn_seq.data.batches.loader import FeatureReader, PictureReader, ReadClips, VectorReader, load
from lrcn_seq.data.batches.plan import in_order
from lrcn_seq.data.clips import Choose, Look, known_times, looks_in_testing, looks_in_training
from lrcn_seq.data.contents import Contents
from lrcn_seq.data.survey import settle
from lrcn_seq.features.extraction import extract, items_of
from lrcn_seq.features.store import FeatureStore, signature_of
from lrcn_seq.progress import progress_bar
from lrcn_seq.records import Clips, Sample
from lrcn_seq.tasks._frame_encoder import FRAMES_PER_CALL
from lrcn_seq.tasks.base import Task

CONTENTS = "contents.jsonl"


def content_index(config: Config, *, verify: bool = False) -> Contents:
    """Return what is remembered about files, on disk beside the feature store.

    Args:
        config: the config of a run.
        verify: read every file again instead of trusting its size and time.
    """
    store = config.data.store
    return Contents(Path(store.folder) / CONTENTS if store.use else None, verify=verify)


class SampleReader:
    """Reads the clips of samples for one task.

    Args:
        task: the task, whose encoder, sampling and view decide what is read.
        index: what is remembered about files; read from disk if None.
    """

    def __init__(self, task: Task, index: Contents | None = None):
        self.task, self.settings = task, task.settings
        self.index = index or content_index(task.settings)
        self.store = open_store(task)
        self._times: dict[str, np.ndarray] = {}

    @staticmethod
    def storing_problem(task: Task) -> str | None:
        """Return why the features of a task's encoder cannot be stored, or None if they can."""
        encoder, data = task.encoder, task.settings.data
        if not data.store.use:
            return "data.store.use is false"
        if encoder.takes != "frames":
            return "the encoder takes vectors"
        if not encoder.frozen:
            return "the encoder is trained"
        if not encoder.frame_wise:
            return "the encoder mixes frames in time"
        if data.view != {"type": "none"}:
            return "data.view changes from epoch to epoch"
        return None

    def times(self, samples: Sequence[Sample]) -> list[np.ndarray]:
        """Return when the frames of each sample are shown, (F,) seconds each."""
        for sample in samples:
            if sample.id not in self._times:
                self._times[sample.id] = self._measured(sample.media)
        return [self._times[sample.id] for sample in samples]

    def _measured(self, media: Any) -> np.ndarray:
        if self.task.encoder.takes == "vectors":
            return self.task.media.times(media)
        return known_times(media, self.index, pixels_limit=self.settings.data.pixels_limit)

    def test_clips(self, samples: Sequence[Sample]) -> list[Look]:
        """Return the clips that evaluation reads, sample by sample."""
        if self.task.sampling is None:
            return [Look(position) for position in range(len(samples))]
        return looks_in_testing(self.times(samples), self.task.sampling, views=self.task.test_views)

    def epoch_choices(self, samples: Sequence[Sample]) -> Callable[[int | None], Choose]:
        """Return a function from an epoch to the clip that each position of a plan selects.

        Positions are those of samples in a training epoch, and those of `test_clips` where the
        epoch is None.
        """
        testing, sampling = self.test_clips(samples), self.task.sampling
        if sampling is None:
            return lambda epoch: Look  # noqa: ARG005 - an image is the same in every epoch
        times, seed = self.times(samples), self.settings.seed

        def choose(epoch: int | None) -> Choose:
            if epoch is None:
                return testing.__getitem__
            return looks_in_training(times, sampling, seed=seed, epoch=epoch)

        return choose

    def epoch_readers(self, samples: Sequence[Sample]) -> Callable[[int | None], ReadClips]:
        """Return a function from an epoch (None: evaluation) to a reader of plan positions.

        Features that are not stored yet are extracted first.
        """
        task, choices = self.task, self.epoch_choices(samples)
        if self.store is not None:
            keys = self.extract(samples)
            if task.sampling is None:
                return lambda epoch: FeatureReader(self.store, keys)  # noqa: ARG005 - stored once
            stored = [task.sampling.candidates(clock) for clock in self.times(samples)]
            return lambda epoch: FeatureReader(
                self.store, keys, choose=choices(epoch), stored=stored
            )
        if task.encoder.takes == "vectors":
            return lambda epoch: VectorReader(samples, choose=choices(epoch))
        return lambda epoch: PictureReader(
            samples,
            task.encoder.preprocessing,
            choose=choices(epoch),
            epoch=epoch,
            view=task.view,
            seed=self.settings.seed,
            modality=self.settings.data.frames,
            pixels_limit=self.settings.data.pixels_limit,
        )

    def clips(self, samples: Sequence[Sample], batch: int) -> Iterator[Clips]:
        """Yield the clips of `test_clips` in batches, in order."""
        plan = in_order(len(self.test_clips(samples)), batch=batch)
        return (found.clips for found in load(plan, self.epoch_readers(samples)(None)))

    def extract(self, samples: Sequence[Sample]) -> list[str]:
        """Store the features of samples that are not stored yet.

        Args:
            samples: the samples.

        Returns:
            The key of each sample in the store.

        Raises:
            DataError: a file cannot be read, or nothing can be stored.
        """
        assert self.store is not None
        items, losses = items_of(
            samples,
            self.task.encoder.preprocessing,
            contents=self.index,
            sampling=self.task.sampling,
            modality=self.settings.data.frames,
            pixels_limit=self.settings.data.pixels_limit,
        )
        with progress_bar("extracting features") as progress:
            losses += extract(
                self.store,
                items,
                self.task.frame_encoder.features,
                batch=FRAMES_PER_CALL,
                progress=progress,
            )
        if losses:
            settle(losses, len(samples), on_error="raise", most_lost=0.0)
        return [item.key for item in items]


def open_store(task: Task) -> FeatureStore | None:
    """Return the feature store of a task, or None where features are computed anew."""
    if SampleReader.storing_problem(task):
        return None
    store = task.settings.data.store
    signature = signature_of(task.encoder.identity, task.encoder.preprocessing)
    return FeatureStore(store.folder, signature, store.dtype)
