"""N-gram counts of many texts at once, with one sort per order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lrcn_seq.metrics.statistics.array_types import BoolArray, IntArray, NumberArray


class Texts(NamedTuple):
    """Hypotheses and references of I images as word ids, image by image, the hypothesis first.

    Attributes:
        words: (N,) word ids of all texts, from 0.
        lengths: (T,) number of words of each text.
        image: (T,) image of each text, in ascending order.
        hypothesis: (T,) whether the text is a hypothesis.
    """

    words: IntArray
    lengths: IntArray
    image: IntArray
    hypothesis: BoolArray


class NgramCounts(NamedTuple):
    """Counts of all n-grams of one order in each text, sorted by n-gram, then by text.

    Attributes:
        gram: (R,) id of the n-gram, from 0 to G - 1.
        text: (R,) index of the text.
        occurrences: (R,) number of occurrences of the n-gram in the text.
        prefix: (G,) id of the (n-1)-gram that begins each n-gram.
        last: (G,) id of the last word of each n-gram.
    """

    gram: IntArray
    text: IntArray
    occurrences: IntArray
    prefix: IntArray
    last: IntArray


def ngram_counts(texts: Texts, orders: int) -> Iterator[NgramCounts]:
    """Yield the n-gram counts of order 1, 2, …, `orders`."""
    text = np.repeat(np.arange(len(texts.lengths)), texts.lengths)
    remaining = np.repeat(np.cumsum(texts.lengths), texts.lengths) - np.arange(len(texts.words))
    vocabulary = int(texts.words.max(initial=0)) + 1
    gram = np.zeros(len(texts.words), np.int64)
    for order in range(1, orders + 1):
        position = np.flatnonzero(remaining >= order)
        key = gram[position] * vocabulary + texts.words[position + order - 1]
        by_gram = stable_order(key)
        key, position = key[by_gram], position[by_gram]
        first = run_starts(key)
        gram[position] = np.cumsum(first) - 1
        row = np.flatnonzero(first | run_starts(text[position]))
        unique = key[first]
        yield NgramCounts(
            gram[position[row]],
            text[position[row]],
            np.diff(row, append=len(key)),
            unique // vocabulary,
            unique % vocabulary,
        )


def run_starts(values: NumberArray) -> BoolArray:
    """Return (R,) flags of the values that differ from their predecessor; the first is True."""
    first = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    return first


def stable_order(key: IntArray) -> IntArray:
    """Return `argsort(key, kind="stable")` for keys ≥ 0.

    A radix sort over 16-bit digits, for which NumPy uses a counting sort, is several times faster.
    """
    order = np.argsort(key.astype(np.uint16), kind="stable")
    highest, shift = int(key.max(initial=0)), 16
    while highest >> shift:
        digit = (key >> shift).astype(np.uint16)[order]
        order = order[np.argsort(digit, kind="stable")]
        shift += 16
    return order
