"""The sentences of many samples as one array of ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import SPECIAL


class Captions:
    """M sentences, encoded once: `[start, …, end]`, flat with offsets.

    Args:
        sentences: for each sample its sentences, encoded by a tokenizer without start and end.
        limit: words kept of each; None keeps all.

    Attributes:
        owner: (M,) int32, the sample of each sentence.
        lengths: (M,) int32, words with start and end.
    """

    def __init__(self, sentences: Iterable[Iterable[Sequence[int]]], *, limit: int | None = None):
        if limit is not None and limit < 1:
            raise ArgumentError(f"limit: expected at least one word. Received: limit={limit}.")
        rows = [
            (owner, words[:limit]) for owner, several in enumerate(sentences) for words in several
        ]
        self.owner = np.array([owner for owner, _ in rows], np.int32)
        self.lengths = np.array([len(words) + 2 for _, words in rows], np.int32)
        self._starts = np.concatenate([[0], np.cumsum(self.lengths)])[:-1].astype(np.int64)
        self._flat = np.fromiter(
            chain.from_iterable((SPECIAL.start, *words, SPECIAL.end) for _, words in rows),
            np.int32,
            self.lengths.sum(),
        )

    def __len__(self) -> int:
        return len(self.owner)

    def words(self, rows: np.ndarray, length: int) -> np.ndarray:
        """The sentences of these rows, (B, length) int32, padded with 0."""
        place = np.arange(length)
        real = place < self.lengths[rows, None]
        where = np.where(real, self._starts[rows, None] + place, 0)
        return (
            np.where(real, self._flat[where], SPECIAL.pad).astype(np.int32)
            if len(self)
            else np.zeros((len(rows), length), np.int32)
        )


def encode_all(
    texts: Iterable[Sequence[str]], encode: Callable[[str], list[int]], *, limit: int | None = None
) -> Captions:
    """The sentences of every sample through a tokenizer's `encode`."""
    return Captions(([encode(sentence) for sentence in several] for several in texts), limit=limit)
