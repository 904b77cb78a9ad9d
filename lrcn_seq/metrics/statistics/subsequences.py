"""Lengths of longest common subsequences (LCS) of many pairs at once.

Hyyrö, "Bit-parallel LCS-length computation revisited", 2004: one bit per word of the hypothesis,
one step per word of the reference.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lrcn_seq.metrics.statistics.array_types import IntArray
from lrcn_seq.metrics.statistics.ngram_counts import Texts, run_starts, stable_order

WORD_BITS = 64


def common_subsequences(texts: Texts) -> IntArray:
    """Return (R,) the LCS length of each reference with the hypothesis of its image."""
    ends = np.cumsum(texts.lengths)
    references = np.flatnonzero(~texts.hypothesis)
    hypotheses = np.flatnonzero(texts.hypothesis)[texts.image[references]]
    short = texts.lengths[hypotheses] <= WORD_BITS
    lengths = np.zeros(len(references), np.int64)
    lengths[short] = short_subsequences(texts, references[short])
    for pair in np.flatnonzero(~short):
        a, b = hypotheses[pair], references[pair]
        lengths[pair] = subsequence(
            texts.words[ends[a] - texts.lengths[a] : ends[a]].tolist(),
            texts.words[ends[b] - texts.lengths[b] : ends[b]].tolist(),
        )
    return lengths


def subsequence(first: list[int], second: list[int]) -> int:
    """Return the LCS length of two lists of word ids, which may have any length."""
    positions: dict[int, int] = {}
    for position, word in enumerate(first):
        positions[word] = positions.get(word, 0) | 1 << position
    full = rows = (1 << len(first)) - 1
    for word in second:
        matched = rows & positions.get(word, 0)
        rows = (rows + matched | rows - matched) & full
    return len(first) - rows.bit_count()


def short_subsequences(texts: Texts, references: IntArray) -> IntArray:
    """Return (P,) LCS lengths of references (P,) whose hypothesis has at most 64 words."""
    longest_first = references[np.argsort(-texts.lengths[references], kind="stable")]
    lengths = texts.lengths[longest_first]
    first = (np.cumsum(texts.lengths) - texts.lengths)[longest_first]
    positions = word_positions(texts)
    rows = np.full(len(references), ~np.uint64(0))
    for step in range(int(lengths.max(initial=0))):
        running = np.searchsorted(-lengths, -step)
        part = rows[:running]
        matched = part & positions[first[:running] + step]
        rows[:running] = part + matched | part - matched
    zeros = WORD_BITS - np.unpackbits(rows.view(np.uint8).reshape(-1, 8), axis=1).sum(
        axis=1, dtype=np.int64
    )
    by_reference: IntArray = np.empty(int(references.max(initial=-1)) + 1, np.int64)
    by_reference[longest_first] = zeros
    return by_reference[references]


def word_positions(texts: Texts) -> NDArray[np.uint64]:
    """Return (N,) a bit mask of the positions of each word in the hypothesis of its image."""
    text = np.repeat(np.arange(len(texts.lengths)), texts.lengths)
    position = np.arange(len(texts.words)) - np.repeat(
        np.cumsum(texts.lengths) - texts.lengths, texts.lengths
    )
    key = texts.image[text] * (int(texts.words.max(initial=0)) + 1) + texts.words
    own = np.flatnonzero(texts.hypothesis[text] & (position < WORD_BITS))
    own = own[stable_order(key[own])]
    first = np.flatnonzero(run_starts(key[own]))
    unique = np.append(key[own[first]], -1)
    masks = np.zeros(len(unique), np.uint64)
    if len(first):
        masks[:-1] = np.bitwise_or.reduceat(np.uint64(1) << position[own].astype(np.uint64), first)
    index = np.searchsorted(unique[:-1], key)
    return np.where(unique[index] == key, masks[index], np.uint64(0))
