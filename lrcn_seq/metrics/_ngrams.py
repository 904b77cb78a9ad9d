"""Counting n-grams of many texts at once: one sort an order gives counts, document frequencies and matches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np


class Texts(NamedTuple):
    """Sentences of I images as ids, image by image, the hypothesis first.

    words (N,) int64 from 0 · lengths (T,) words of each text · image (T,) its image, ascending · hypothesis (T,) whether it is one.
    """

    words: np.ndarray
    lengths: np.ndarray
    image: np.ndarray
    hypothesis: np.ndarray


class Counts(NamedTuple):
    """All n-grams of one order, a row for each n-gram of each text, sorted by n-gram, then by text.

    gram, text, count (R,) · prefix and last (G,): the n-gram of one order less, and the last word, of each n-gram.
    """

    gram: np.ndarray
    text: np.ndarray
    count: np.ndarray
    prefix: np.ndarray
    last: np.ndarray


def ngram_counts(texts: Texts, orders: int) -> Iterator[Counts]:
    """The counts of order 1, 2, …, `orders`."""
    text = np.repeat(np.arange(len(texts.lengths)), texts.lengths)
    left = np.repeat(np.cumsum(texts.lengths), texts.lengths) - np.arange(len(texts.words))
    vocabulary = int(texts.words.max(initial=0)) + 1
    gram = np.zeros(len(texts.words), np.int64)
    for order in range(1, orders + 1):
        place = np.flatnonzero(left >= order)
        key = gram[place] * vocabulary + texts.words[place + order - 1]
        by_gram = stable_order(key)
        key, place = key[by_gram], place[by_gram]
        first = starts(key)
        gram[place] = np.cumsum(first) - 1
        run = np.flatnonzero(first | starts(text[place]))
        unique = key[first]
        yield Counts(
            gram[place[run]],
            text[place[run]],
            np.diff(run, append=len(key)),
            unique // vocabulary,
            unique % vocabulary,
        )


def starts(values: np.ndarray) -> np.ndarray:
    """(R,) bool: True where a value differs from the one before it."""
    first = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    return first


def stable_order(key: np.ndarray) -> np.ndarray:
    """`argsort(kind="stable")` of keys ≥ 0, sixteen bits at a time: NumPy sorts those by counting, several times as fast."""
    order = np.argsort(key.astype(np.uint16), kind="stable")
    highest, shift = int(key.max(initial=0)), 16
    while highest >> shift:
        digit = (key >> shift).astype(np.uint16)[order]
        order = order[np.argsort(digit, kind="stable")]
        shift += 16
    return order
