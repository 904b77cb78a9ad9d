"""The longest common subsequences of texts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcn_seq.metrics.statistics.ngram_counts import Texts
from lrcn_seq.metrics.statistics.subsequences import common_subsequences, subsequence


def naive_length(a, b):
    """Compute the length of the longest common subsequence by dynamic programming."""
    row = [0] * (len(b) + 1)
    for x in a:
        previous = 0
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], previous + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


WORDS = st.lists(st.integers(0, 3), max_size=12)


@settings(max_examples=150, deadline=None)
@given(WORDS, WORDS)
def test_subsequence_equals_dynamic_programming(a, b):
    """The subsequence length from bit operations equals that from dynamic programming."""
    assert subsequence(a, b) == naive_length(a, b)


@pytest.mark.parametrize("length", [1, 63, 64, 65, 130])
def test_lengths_around_the_word_size_are_exact(length):
    """Subsequence lengths are exact around 64 words, the size of a machine word."""
    generator = np.random.default_rng(length)
    texts = [generator.integers(4, size=size).tolist() for size in (length, 40, 0, 70)]
    corpus = Texts(
        np.concatenate([np.array(text, np.int64) for text in texts]),
        np.array([len(text) for text in texts]),
        np.zeros(4, np.int64),
        np.array([True, False, False, False]),
    )
    expected = [naive_length(texts[0], text) for text in texts[1:]]
    assert common_subsequences(corpus).tolist() == expected


def test_each_reference_is_compared_with_the_hypothesis_of_its_image():
    """Each reference is compared with the hypothesis of its own image."""
    corpus = Texts(
        np.array([0, 1, 0, 1, 2, 2, 0, 1]),
        np.array([2, 2, 2, 2]),
        np.array([0, 0, 1, 1]),
        np.array([True, False, True, False]),
    )
    assert common_subsequences(corpus).tolist() == [2, 0]
