"""The encoded captions of a data set in one flat array."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import SPECIAL


class Captions:
    """M captions as word IDs, each between a start and an end ID: `[start, …, end]`.

    Args:
        sentences: The captions of each sample, as word IDs without start and end ID.
        limit: The number of words to which longer captions are truncated; None for no limit.

    Attributes:
        owner: The sample of each caption, (M,) int32.
        lengths: The number of IDs of each caption including start and end, (M,) int32.

    Raises:
        ArgumentError: If `limit` is below 1.
    """

    def __init__(self, sentences: Iterable[Iterable[Sequence[int]]], *, limit: int | None = None):
        if limit is not None and limit < 1:
            raise ArgumentError(
                f"limit: expected at least one word. Received: limit={limit}; raise it or use None."
            )
        rows = [
            (sample, words[:limit])
            for sample, captions in enumerate(sentences)
            for words in captions
        ]
        self.owner = np.array([sample for sample, _ in rows], np.int32)
        self.lengths = np.array([len(words) + 2 for _, words in rows], np.int32)
        self._starts = np.concatenate([[0], np.cumsum(self.lengths)])[:-1].astype(np.int64)
        self._ids = np.fromiter(
            chain.from_iterable((SPECIAL.start, *words, SPECIAL.end) for _, words in rows),
            np.int32,
            int(self.lengths.sum()),
        )

    def __len__(self) -> int:
        return len(self.owner)

    def words(self, rows: np.ndarray, length: int) -> np.ndarray:
        """Return the IDs of the captions at positions `rows` (B,), padded to (B, length) int32.

        A position of −1 is a row of padding.
        """
        if not len(self):
            return np.zeros((len(rows), length), np.int32)
        place = np.arange(length)
        is_word = (place < self.lengths[rows, None]) & (rows[:, None] >= 0)
        index = np.where(is_word, self._starts[rows, None] + place, 0)
        return np.where(is_word, self._ids[index], SPECIAL.pad).astype(np.int32)


def encode_captions(
    texts: Iterable[Sequence[str]], encode: Callable[[str], list[int]], *, limit: int | None = None
) -> Captions:
    """Encode the captions of every sample.

    Args:
        texts: The captions of each sample.
        encode: The `encode` method of a tokenizer.
        limit: The number of words to which longer captions are truncated; None for no limit.
    """
    return Captions(([encode(text) for text in captions] for captions in texts), limit=limit)
