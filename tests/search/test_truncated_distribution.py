"""Truncated distributions, compared with loops in NumPy."""

import numpy as np
import pytest

from lrcn_seq.search._truncated_distribution import (
    probability_to_reach,
    truncate_min_p,
    truncate_top_p,
    truncate_typical,
)


def random_rows(seed=0, rows=50, words=9):
    """Return distributions (rows, words), some of them with a probability of 0."""
    generator = np.random.default_rng(seed)
    weights = generator.gamma(0.5, size=(rows, words)) * (generator.random((rows, words)) < 0.8)
    weights[:, 0] += 0.01
    return (weights / weights.sum(1, keepdims=True)).astype("float32")


def smallest_set(row, order, p):
    """Return the first words in an order whose cumulative probability reaches p."""
    kept, total = set(), 0.0
    for word in order:
        if row[word] > 0 and total < p:
            kept.add(int(word))
            total += float(row[word])
    return kept


def kept_words(probabilities):
    """Return the words of each row with a positive probability."""
    return [set(np.flatnonzero(row).tolist()) for row in np.asarray(probabilities)]


@pytest.mark.parametrize("p", [0.1, 0.3, 0.8, 0.9, 0.95])
def test_a_sum_that_is_rounded_down_reaches_p(p):
    """The threshold is below p by more than the float32 rounding error, but less than 1e-5."""
    below = np.float32(p) - 8 * np.spacing(np.float32(p))
    assert p - 1e-5 < probability_to_reach(p) < below


def test_1_keeps_all_words():
    """The threshold for p = 1 is exactly 1, so that all words are kept."""
    assert probability_to_reach(1.0) == 1.0


def test_the_probability_is_positive():
    """The threshold for a tiny p is positive, so that at least one word is kept."""
    assert 0 < probability_to_reach(1e-9) <= 1e-9


@pytest.mark.parametrize("p", [0.2, 0.7, 0.95])
def test_top_p_keeps_the_most_probable_words_that_reach_p(p):
    """Top-p keeps the smallest set of most probable words with at least the probability p."""
    rows = -np.sort(-random_rows(), axis=1)
    expected = [smallest_set(row, np.arange(9), p) for row in rows]
    assert kept_words(truncate_top_p(rows, p)) == expected


@pytest.mark.parametrize("p", [0.05, 0.5, 1.0])
def test_min_p_is_relative_to_the_most_probable_word(p):
    """Min-p keeps the words with at least p times the largest probability."""
    rows = random_rows(1)
    expected = [{i for i, value in enumerate(row) if value >= p * max(row)} for row in rows]
    assert kept_words(truncate_min_p(rows, p)) == expected


@pytest.mark.parametrize("p", [0.2, 0.7, 0.95])
def test_typical_words_have_an_information_close_to_the_entropy(p):
    """Typical sampling adds words by the distance of their information from the entropy."""
    rows, expected = random_rows(2), []
    for row in rows.astype("float64"):
        information = np.array([-np.log(value) if value else np.inf for value in row])
        entropy = sum(value * -np.log(value) for value in row if value)
        expected.append(smallest_set(row, np.argsort(np.abs(information - entropy)), p))
    assert kept_words(truncate_typical(rows, p)) == expected


def test_a_uniform_distribution_is_typical():
    """All words of a uniform distribution are equally typical, and the share p is kept."""
    (kept,) = kept_words(truncate_typical(np.full((1, 8), 0.125, "float32"), 0.5))
    assert len(kept) == 4


@pytest.mark.parametrize(
    ("truncate", "p"), [(truncate_top_p, 1.0), (truncate_min_p, 0.0), (truncate_typical, 1.0)]
)
def test_limits_keep_the_distribution(truncate, p):
    """With the value that keeps all words, the distribution is unchanged."""
    rows = random_rows(3)
    assert np.array_equal(truncate(rows, p), rows)


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_truncations_are_independent_of_the_sum_of_a_row(scale):
    """A distribution that is not normalized keeps the same words."""
    rows = -np.sort(-random_rows(4), axis=1)
    for truncate in (truncate_top_p, truncate_min_p, truncate_typical):
        assert kept_words(truncate(rows * scale, 0.6)) == kept_words(truncate(rows, 0.6))
