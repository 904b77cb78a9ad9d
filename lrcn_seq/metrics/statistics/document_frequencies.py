"""Document frequencies of n-grams, where a document is an image with its references."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lrcn_seq.arrays import Arrays, read_arrays
from lrcn_seq.errors import DataError, translate_errors
from lrcn_seq.files import atomic_replacement, open_file
from lrcn_seq.metrics.statistics.array_types import IntArray
from lrcn_seq.metrics.statistics.ngram_counts import (
    NgramCounts,
    Texts,
    ngram_counts,
    run_starts,
)

FORMAT = 1
SIZE_LIMIT = 1 << 31
"""Largest size of unpacked frequencies in bytes; those of COCO take about 100 MB."""


class DocumentFrequencies(NamedTuple):
    """Document frequencies of all n-grams of a set of references.

    Attributes:
        words: vocabulary in order of first use; empty if the texts consist of ids.
        base: number of word ids, W.
        documents: number of documents.
        keys: for each order, the n-grams as sorted numbers `prefix · W + last word`, where `prefix`
            is the index of the (n-1)-gram among the keys of the previous order.
        counts: for each order, the number of documents of each n-gram.
        tokenize: name of the tokenization.
    """

    words: tuple[str, ...]
    base: int
    documents: int
    keys: tuple[IntArray, ...]
    counts: tuple[IntArray, ...]
    tokenize: str = "none"

    def word_ids(self, words: Sequence[str]) -> IntArray:
        """Return (W,) the id of each word, −1 for words that are not in any reference."""
        numbers = {word: number for number, word in enumerate(self.words)}
        return np.fromiter((numbers.get(word, -1) for word in words), np.int64, len(words))

    def look_up(
        self, levels: Iterable[NgramCounts], word_ids: IntArray | None = None
    ) -> Iterable[tuple[NgramCounts, IntArray]]:
        """Yield the n-gram counts of each order with the document frequencies (G,) of the n-grams.

        Args:
            levels: n-gram counts of order 1, 2, ….
            word_ids: (W,) map from the word ids of `levels` to those of `self`; None if equal.
        """
        rows = np.zeros(1, np.int64)
        for level, keys, counts in zip(levels, self.keys, self.counts, strict=False):
            last = level.last if word_ids is None else word_ids[level.last]
            last = np.where(last < self.base, last, -1)
            prefix = rows[level.prefix]
            key = prefix * self.base + last
            if len(keys):
                index = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
                present = (prefix >= 0) & (last >= 0) & (keys[index] == key)
                rows = np.where(present, index, -1)
                yield level, np.where(present, counts[index], 0)
            else:
                rows = np.full(len(key), -1)
                yield level, np.zeros(len(key), np.int64)

    def save(self, path: str | Path) -> None:
        """Write the frequencies to an `.npz` file atomically.

        Raises:
            DataError: the file cannot be written.
        """
        arrays: dict[str, Any] = {
            "head": np.array([FORMAT, self.documents, self.base, len(self.keys)]),
            "words": np.array("\n".join(self.words)),
            "tokenize": np.array(self.tokenize),
        }
        arrays |= {f"keys_{n}": keys for n, keys in enumerate(self.keys, 1)}
        arrays |= {f"counts_{n}": counts for n, counts in enumerate(self.counts, 1)}
        try:
            with atomic_replacement(path) as draft, draft.open("xb") as file:
                np.savez_compressed(file, **arrays)
        except OSError as error:
            raise DataError(
                f"{path}: expected a writable file for document frequencies. "
                f"Received: {error.strerror}; choose another path."
            ) from error


def load_frequencies(path: str | Path) -> DocumentFrequencies:
    """Load a file written by `DocumentFrequencies.save`.

    Raises:
        DataError: the file is missing or damaged, or has another format.
    """

    def invalid(reason: str) -> DataError:
        return DataError(
            f"{path}: expected document frequencies written by `score --save-frequencies`. "
            f"Received: a damaged file or another kind of file ({reason}); write them again."
        )

    with translate_errors(invalid):
        try:
            with open_file(path) as file:
                arrays = read_arrays(file, limit=SIZE_LIMIT)
        except FileNotFoundError:
            raise DataError(
                f"{path}: expected a file of document frequencies. "
                "Received: no such file; check the path."
            ) from None
        version = arrays["head"].tolist()[0]
        if version != FORMAT:
            raise DataError(
                f"{path}: expected document frequencies of format {FORMAT}. "
                f"Received: format {version}; make them again."
            )
        return _checked_frequencies(arrays)


def _checked_frequencies(arrays: Arrays) -> DocumentFrequencies:
    """Return the document frequencies of a file; raise ValueError if its arrays do not agree."""
    _, documents, base, orders = arrays["head"].tolist()
    text = str(arrays["words"])
    words = tuple(text.split("\n")) if text else ()
    keys = tuple(arrays[f"keys_{n}"] for n in range(1, orders + 1))
    counts = tuple(arrays[f"counts_{n}"] for n in range(1, orders + 1))
    levels = [*keys, *counts]
    if not all(level.dtype.kind == "i" and level.ndim == 1 for level in levels):
        raise ValueError("arrays that are not lists of integers")
    if [len(level) for level in keys] != [len(level) for level in counts]:
        raise ValueError("n-grams without counts")
    if not all((level[1:] > level[:-1]).all() for level in keys):
        raise ValueError("n-grams that are not sorted")
    if documents < 1 or base < len(words) or any(level.min(initial=0) < 0 for level in levels):
        raise ValueError("negative numbers")
    return DocumentFrequencies(words, base, documents, keys, counts, str(arrays["tokenize"]))


def document_counts(level: NgramCounts, texts: Texts) -> IntArray:
    """Return (G,) the number of images that have each n-gram in a reference."""
    in_reference = ~texts.hypothesis[level.text]
    gram, image = level.gram[in_reference], texts.image[level.text[in_reference]]
    return np.bincount(gram[run_starts(gram) | run_starts(image)], minlength=len(level.last))


def count_documents(
    references: Sequence[Sequence[Sequence[int]]],
    *,
    words: Sequence[str] = (),
    tokenize: str = "none",
    orders: int = 4,
) -> DocumentFrequencies:
    """Compute the document frequencies of references given as word ids.

    Args:
        references: the references of each image, as word ids.
        words: the word of each id; empty if there are only ids.
        tokenize: name of the tokenization.
        orders: length of the longest n-grams.
    """
    sentences = list(chain.from_iterable(references))
    lengths = np.fromiter(map(len, sentences), np.int64, len(sentences))
    ids = np.fromiter(chain.from_iterable(sentences), np.int64, int(lengths.sum()))
    image = np.repeat(np.arange(len(references)), [len(group) for group in references])
    texts = Texts(ids, lengths, image, np.zeros(len(sentences), bool))
    base = max(len(words), int(ids.max(initial=0)) + 1)
    levels = list(ngram_counts(texts, orders))
    return DocumentFrequencies(
        words=tuple(words),
        base=base,
        documents=len(references),
        keys=tuple(level.prefix * base + level.last for level in levels),
        counts=tuple(document_counts(level, texts) for level in levels),
        tokenize=tokenize,
    )
