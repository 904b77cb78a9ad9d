"""A plan to batches, through Grain: random access, read ahead by threads, deterministic, resumable at any step."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lrcn_seq.data.batches.captions import Captions
from lrcn_seq.data.batches.plan import Plan
from lrcn_seq.data.clips import Choose, Look, gathered
from lrcn_seq.data.media import read_frames, read_vectors, read_views
from lrcn_seq.data.pictures import PIXELS_LIMIT
from lrcn_seq.data.views.base import View
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.records import Batch, Clips, LabeledBatch, Modality, Preprocessing, Sample

if TYPE_CHECKING:
    import grain

ReadClips = Callable[[np.ndarray], Clips]
"""Positions of samples (P,) to their clips; called from several threads at once."""


Labels = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Positions of samples (P,) to labels (P, 1) or (P, T), −1 for none, and weights (P,)."""


def load(
    plan: Plan,
    read: ReadClips,
    *,
    captions: Captions | None = None,
    labels: Labels | None = None,
    threads: int | None = None,
    ahead: int | None = None,
) -> grain.IterDataset:
    """The batches of a plan, in its order. Give `plan[step:]` to go on at a step.

    Args:
        read: a `PictureReader`, a `FeatureReader` or a `VectorReader`.
        captions: where the words come from; None for plans without sentences.
        labels: where labels come from; the batches are `LabeledBatch` then.
        threads: batches made at the same time; one a core when None.
        ahead: batches made before they are asked for; `threads` when None. They bound the memory.

    Raises:
        MediaError: while iterating, when a file broke after the survey.
    """
    import grain

    threads = threads or os.cpu_count() or 1
    options = grain.ReadOptions(
        num_threads=threads, prefetch_buffer_size=max(ahead or threads, threads)
    )
    return grain.MapDataset.source(Batches(plan, read, captions, labels)).to_iter_dataset(options)


class Batches:
    """Random access to the batches of a plan."""

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
        words = (
            np.zeros((0, 0), np.int32)
            if self.captions is None
            else self.captions.words(step.rows, step.length)
        )
        return Batch(self.read(step.samples), step.owner, words)


class PictureReader:
    """Clips decoded from the media of samples, in the view that (seed, epoch, sample) decides.

    Args:
        choose: which clip a position of the plan means, for videos (`looks_in_training`, or the list of `looks_in_testing`);
            None means the picture of that position.
        epoch: None looks as in testing (the view that the look names, the first for pictures).
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        preprocessing: Preprocessing,
        *,
        choose: Choose = Look,
        view: View | None = None,
        seed: int = 0,
        epoch: int | None = None,
        modality: Modality = "rgb",
        pixels_limit: int = PIXELS_LIMIT,
    ):
        self.samples, self.preprocessing, self.choose, self.view = (
            samples,
            preprocessing,
            choose,
            view,
        )
        self.seed, self.epoch, self.modality, self.pixels_limit = (
            seed,
            epoch,
            modality,
            pixels_limit,
        )

    def __call__(self, positions: np.ndarray) -> Clips:
        """Packed frames (N, H, W, 3) uint8; what is asked for twice is decoded once."""
        return gathered([self.choose(int(position)) for position in positions], self._frames)

    def _frames(
        self, sample: int, numbers: np.ndarray | None, wanted: list[int]
    ) -> list[np.ndarray]:
        media, options = (
            self.samples[sample].media,
            {"numbers": numbers, "modality": self.modality, "pixels_limit": self.pixels_limit},
        )
        if self.epoch is None and wanted != [0]:
            seen = read_views(media, self.preprocessing, self.view, **options)
            return [seen[view] for view in wanted]
        random = (
            None if self.epoch is None else np.random.default_rng([self.seed, self.epoch, sample])
        )
        return [read_frames(media, self.preprocessing, view=self.view, random=random, **options)]


class FeatureReader:
    """Clips out of a feature store: packed rows (N, R, D) in the store's type of number.

    Args:
        keys: of each sample, in the order of the samples.
        choose: which clip a position of the plan means, for videos; None means all that is stored of the sample.
        stored: for videos, the frame numbers that are stored of each sample, ascending (`Sampling.candidates`).
    """

    def __init__(
        self,
        store: FeatureStore,
        keys: Sequence[str],
        *,
        choose: Choose | None = None,
        stored: Sequence[np.ndarray] = (),
    ):
        self.store, self.choose, self.stored = store, choose, stored
        self.starts, self.counts = store.places(keys)

    def __call__(self, positions: np.ndarray) -> Clips:
        if self.choose is not None:
            rows = [self._rows(self.choose(int(position))) for position in positions]
            return Clips(
                self.store.rows()[np.concatenate(rows)],
                index_of([len(several) for several in rows]),
            )
        starts, counts = self.starts[positions], self.counts[positions]
        ends = np.cumsum(counts)
        rows = np.repeat(starts - ends + counts, counts) + np.arange(ends[-1] if len(ends) else 0)
        return Clips(self.store.rows()[rows], index_of(counts))

    def _rows(self, look: Look) -> np.ndarray:
        """Views of a sample are stored one after the other."""
        stored = self.stored[look.sample]
        return (
            self.starts[look.sample]
            + look.view * len(stored)
            + np.searchsorted(stored, look.numbers)
        )


class VectorReader:
    """Vectors (T, D) in the place of frames: of each sample a `.npy` file, or an array.

    Args:
        choose: which clip a position of the plan means; None means all vectors of the sample.
    """

    def __init__(self, samples: Sequence[Sample], *, choose: Choose = Look):
        self.samples, self.choose = samples, choose

    def __call__(self, positions: np.ndarray) -> Clips:
        """Packed vectors (N, D) float32."""
        return gathered([self.choose(int(position)) for position in positions], self._vectors)

    def _vectors(
        self, sample: int, numbers: np.ndarray | None, wanted: list[int]
    ) -> list[np.ndarray]:
        vectors = read_vectors(self.samples[sample].media)
        return [vectors if numbers is None else vectors[numbers]] * len(wanted)


def index_of(counts: Sequence[int] | np.ndarray) -> Any:
    """Where the frames of packed clips stand: (P, longest T) int32, −1 after the end of each."""
    counts = np.asarray(counts, np.int64)
    starts = np.cumsum(counts) - counts
    place = np.arange(counts.max(initial=0))
    return np.where(place < counts[:, None], starts[:, None] + place, -1).astype(np.int32)
