"""Reading of clips from a feature store."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lrcn_seq.data.clip_selection import ClipSelection, SelectClip
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.records import Clips


class FeatureReader:
    """Reads clips from a feature store, as packed rows (N, R, D) in the dtype of the store.

    Args:
        store: the store.
        keys: the key of each sample.
        select: for videos, returns the clip at a position of the batch plan. If None, positions
            are indices of samples, and a clip contains all stored features of its sample.
        stored: for videos, the stored frame numbers of each sample, ascending
            (`Sampling.candidates`).
    """

    def __init__(
        self,
        store: FeatureStore,
        keys: Sequence[str],
        *,
        select: SelectClip | None = None,
        stored: Sequence[np.ndarray] = (),
    ):
        self.store, self.select, self.stored = store, select, stored
        self.starts, self.counts = store.places(keys)

    def __call__(self, positions: np.ndarray) -> Clips:
        """Return the clips at positions (P,) of the batch plan."""
        if self.select is not None:
            rows = [self._rows(self.select(int(position))) for position in positions]
            index = packed_index([len(clip) for clip in rows])
            return Clips(self.store.rows()[np.concatenate(rows)], index)
        starts, counts = self.starts[positions], self.counts[positions]
        index = packed_index(counts)
        packed = np.arange(counts.sum())
        shifts = np.repeat(starts - (np.cumsum(counts) - counts), counts)
        return Clips(self.store.rows()[packed + shifts], index)

    def _rows(self, clip: ClipSelection) -> np.ndarray:
        """Return the numbers of the rows in the store that form a clip."""
        stored = self.stored[clip.sample]
        rows = np.searchsorted(stored, stored if clip.numbers is None else clip.numbers)
        return rows + int(self.starts[clip.sample])


def packed_index(counts: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the index (P, longest T) of packed clips: the row of each frame, −1 for padding.

    Args:
        counts: (P,) number of frames of each clip.
    """
    counts = np.asarray(counts, np.int64)
    starts = np.cumsum(counts) - counts
    place = np.arange(counts.max(initial=0))
    return np.where(place < counts[:, None], starts[:, None] + place, -1).astype(np.int32)
