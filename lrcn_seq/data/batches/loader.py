"""Batches of a plan, loaded in parallel by Grain; loading is deterministic and resumable."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lrcn_seq.data.batches.captions import Captions
from lrcn_seq.data.batches.plan import Plan
from lrcn_seq.data.clip_selection import ClipSelection, SelectClip
from lrcn_seq.data.grain_import import import_grain
from lrcn_seq.data.media.reader import MediaReader
from lrcn_seq.data.packed_clips import pack_clips
from lrcn_seq.records import Batch, Clips, LabeledBatch, Sample

if TYPE_CHECKING:
    import grain

ReadClips = Callable[[np.ndarray], Clips]
"""A thread-safe function that takes positions (P,) in a plan and returns the clips there."""

Labels = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""A function that takes sample positions (P,) and returns labels (P, 1) or (P, T), where −1 means
no label, and weights (P,)."""


def load(
    plan: Plan,
    read: ReadClips,
    *,
    captions: Captions | None = None,
    labels: Labels | None = None,
    threads: int | None = None,
) -> grain.IterDataset:
    """Return the batches of a plan in order; `plan[step:]` resumes at a step.

    Args:
        plan: the batch plan.
        read: reads clips; a `ClipReader` or a `FeatureReader`.
        captions: the captions of the plan; None for batches without captions.
        labels: returns labels; the batches are then `LabeledBatch`.
        threads: number of batches that are loaded in parallel, and of batches that are prefetched;
            this number bounds the memory. None uses one thread per core.

    Raises:
        MediaError: while iterating, if a file has become unreadable since the survey.
    """
    grain = import_grain()
    threads = threads or os.cpu_count() or 1
    options = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=threads)
    return grain.MapDataset.source(Batches(plan, read, captions, labels)).to_iter_dataset(options)


class Batches:
    """Random access to the batches of a plan.

    Args:
        plan: the batch plan.
        read: reads clips.
        captions: the captions of the plan; None for batches without captions.
        labels: returns labels; the batches are then `LabeledBatch`.
    """

    def __init__(
        self,
        plan: Plan,
        read: ReadClips,
        captions: Captions | None = None,
        labels: Labels | None = None,
    ):
        self.plan, self.read, self.captions, self.labels = plan, read, captions, labels

    def __len__(self) -> int:
        return len(self.plan)

    def __getitem__(self, position: int) -> Batch | LabeledBatch:
        step = self.plan[position]
        if self.labels is not None:
            return LabeledBatch(self.read(step.samples), *self.labels(step.samples))
        if self.captions is None:
            words = np.zeros((0, 0), np.int32)
        else:
            words = self.captions.words(step.rows, step.length)
        return Batch(self.read(step.samples), step.owner, words)


class ClipReader:
    """A reader of clips from the media of samples.

    Args:
        samples: the samples.
        reader: reads their media.
        select: returns the clip at a position of the plan; see `training_clips` and
            `evaluation_clips`. By default, it is the whole sample at that position: an image, or
            all vectors.
        seed: the seed of the run.
        epoch: the epoch; seed, epoch and sample determine the training view. None reads the test
            view that each selection states.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        reader: MediaReader,
        *,
        select: SelectClip = ClipSelection,
        seed: int = 0,
        epoch: int | None = None,
    ):
        self.samples, self.reader, self.select = samples, reader, select
        self.seed, self.epoch = seed, epoch

    def __call__(self, positions: np.ndarray) -> Clips:
        """Return the clips at positions (P,) of the plan.

        Each sample is decoded once, even if several clips are taken from it.

        Returns:
            Packed frames (N, H, W, 3) uint8 or vectors (N, D) float32, and the index of the clips.
        """
        return pack_clips([self.select(int(position)) for position in positions], self._read)

    def _read(self, sample: int, numbers: np.ndarray | None, views: list[int]) -> list[np.ndarray]:
        source = self.samples[sample].media
        if self.epoch is None:
            test_views = self.reader.views(source, numbers)
            return [test_views[view] for view in views]
        random = np.random.default_rng([self.seed, self.epoch, sample])
        return [self.reader.frames(source, numbers, random)]
