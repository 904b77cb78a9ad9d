"""Lengths of longest common subsequences, many pairs at once.

Hyyrö, "Bit-parallel LCS-length computation revisited", 2004: a bit a word of the hypothesis, a step a word of the reference.
"""

from __future__ import annotations

import numpy as np

from lrcn_seq.metrics._ngrams import Texts, stable_order, starts

WORD_BITS = 64


def common_subsequences(texts: Texts) -> np.ndarray:
    """(R,) the length for each reference with the hypothesis of its image."""
    ends = np.cumsum(texts.lengths)
    hypothesis = np.flatnonzero(texts.hypothesis)
    references = np.flatnonzero(~texts.hypothesis)
    own = hypothesis[texts.image[references]]
    short = texts.lengths[own] <= WORD_BITS
    found = np.zeros(len(references), np.int64)
    found[short] = short_subsequences(texts, references[short])
    for place in np.flatnonzero(~short):
        a, b = own[place], references[place]
        found[place] = subsequence(
            texts.words[ends[a] - texts.lengths[a] : ends[a]].tolist(),
            texts.words[ends[b] - texts.lengths[b] : ends[b]].tolist(),
        )
    return found


def subsequence(first: list[int], second: list[int]) -> int:
    """The length for two lists of any length, by one integer of as many bits as `first` has words."""
    places: dict[int, int] = {}
    for place, word in enumerate(first):
        places[word] = places.get(word, 0) | 1 << place
    full = rows = (1 << len(first)) - 1
    for word in second:
        matched = rows & places.get(word, 0)
        rows = (rows + matched | rows - matched) & full
    return len(first) - rows.bit_count()


def short_subsequences(texts: Texts, references: np.ndarray) -> np.ndarray:
    """The lengths for references (P,) whose hypothesis fits into 64 bits."""
    longest_first = references[np.argsort(-texts.lengths[references], kind="stable")]
    lengths = texts.lengths[longest_first]
    first = (np.cumsum(texts.lengths) - texts.lengths)[longest_first]
    places = word_places(texts)
    rows = np.full(len(references), ~np.uint64(0))
    for step in range(int(lengths.max(initial=0))):
        running = np.searchsorted(-lengths, -step)
        part = rows[:running]
        matched = part & places[first[:running] + step]
        rows[:running] = part + matched | part - matched
    zeros = WORD_BITS - np.unpackbits(rows.view(np.uint8).reshape(-1, 8), axis=1).sum(
        axis=1, dtype=np.int64
    )
    result = np.empty(int(references.max(initial=-1)) + 1, np.int64)
    result[longest_first] = zeros
    return result[references]


def word_places(texts: Texts) -> np.ndarray:
    """(N,) uint64: for each word of each text, the places where the hypothesis of its image has the same word, a bit a place."""
    text = np.repeat(np.arange(len(texts.lengths)), texts.lengths)
    place = np.arange(len(texts.words)) - np.repeat(
        np.cumsum(texts.lengths) - texts.lengths, texts.lengths
    )
    key = texts.image[text] * (int(texts.words.max(initial=0)) + 1) + texts.words
    mine = np.flatnonzero(texts.hypothesis[text] & (place < WORD_BITS))
    mine = mine[stable_order(key[mine])]
    first = np.flatnonzero(starts(key[mine]))
    known = np.append(key[mine[first]], -1)
    bits = (
        np.bitwise_or.reduceat(np.uint64(1) << place[mine].astype(np.uint64), first)
        if len(first)
        else np.zeros(0, np.uint64)
    )
    at = np.searchsorted(known[:-1], key)
    return np.where(known[at] == key, np.append(bits, np.uint64(0))[at], np.uint64(0))
