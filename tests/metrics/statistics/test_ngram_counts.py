"""The n-gram counts of texts."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcn_seq.metrics.statistics.ngram_counts import (
    Texts,
    ngram_counts,
    run_starts,
    stable_order,
)

TEXTS = st.lists(st.lists(st.integers(0, 3), max_size=6), min_size=1, max_size=6)


def as_texts(rows):
    """Return lists of word IDs as the texts of one image, of which the first is the hypothesis."""
    words = np.array([word for row in rows for word in row], np.int64)
    lengths = np.array([len(row) for row in rows])
    hypothesis = np.arange(len(rows)) == 0
    return Texts(words, lengths, np.zeros(len(rows), np.int64), hypothesis)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_counts_equal_a_counter_per_text(rows):
    """The n-gram counts of each text equal those of a `Counter`."""
    spelled = [()]
    for n, level in enumerate(ngram_counts(as_texts(rows), 4), 1):
        spelled = [
            (*spelled[prefix], last)
            for prefix, last in zip(level.prefix.tolist(), level.last.tolist(), strict=True)
        ]
        counted = {
            (text, spelled[gram]): count
            for gram, text, count in zip(
                level.gram.tolist(), level.text.tolist(), level.occurrences.tolist(), strict=True
            )
        }
        expected = {
            (text, gram): count
            for text, row in enumerate(rows)
            for gram, count in Counter(zip(*(row[k:] for k in range(n)), strict=False)).items()
        }
        assert counted == expected


def test_rows_are_sorted_by_ngram_and_text():
    """N-gram counts are sorted by n-gram and then by text."""
    level = next(ngram_counts(as_texts([[1, 0, 1], [0], [1]]), 1))
    assert level.gram.tolist() == [0, 0, 1, 1]
    assert level.text.tolist() == [0, 1, 0, 2]
    assert level.occurrences.tolist() == [1, 1, 2, 1]


def test_run_starts():
    """Runs of equal values start at the first value and at each change."""
    assert run_starts(np.array([5, 5, 2, 2, 5])).tolist() == [True, False, True, False, True]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 9), st.integers(0, 2**50)), max_size=30))
def test_stable_order_equals_a_stable_argsort(values):
    """`stable_order` sorts keys of up to 64 bits like a stable argsort."""
    keys = np.array(values, np.int64)
    assert stable_order(keys).tolist() == np.argsort(keys, kind="stable").tolist()
