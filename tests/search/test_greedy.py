"""Greedy search compared with a loop in NumPy."""

import numpy as np
import pytest

from lrcn_seq.records import SPECIAL


def greedy(table, limit, forbidden):
    """Return the most probable allowed word at every step over one table (S, V, V)."""
    count, last, words = 0, SPECIAL.start, []
    while len(words) < limit and last != SPECIAL.end:
        logits = table[count % table.shape[0], last].copy()
        logits[forbidden] = -np.inf
        count, last = (count * 5 + 3 * last + 1) % 1000, int(np.argmax(logits))
        words.append(last)
    return words


@pytest.mark.parametrize("suppress_unknown", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_words_equal_a_loop_in_numpy(search_table, random_table, seed, suppress_unknown):
    """Greedy search takes the largest allowed logit at each step, like a loop in NumPy."""
    forbidden = [SPECIAL.pad, SPECIAL.start, *([SPECIAL.unknown] if suppress_unknown else [])]
    table = random_table(seed, rows=8)
    spec = {"type": "greedy", "suppress_unknown": suppress_unknown}
    found = search_table(spec, table, limit=6)
    for row in range(8):
        words = found.words[row, 0, : found.lengths[row, 0]].tolist()
        assert words == greedy(table[row], 6, forbidden)


def test_log_probability_is_that_of_the_words(search_table, random_table, log_probability):
    """The log probability of a greedy sentence is the sum of those of its words."""
    table = random_table(0, rows=8)
    found = search_table({"type": "greedy"}, table, limit=6)
    for row in range(8):
        words = found.words[row, 0, : found.lengths[row, 0]]
        expected = log_probability(table[row], words)
        assert np.isclose(found.log_probabilities[row, 0], expected, atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "divisor"),
    [
        ({}, lambda length: length),
        ({"length": "none"}, lambda length: 1),
        ({"length": "gnmt", "alpha": 2.0}, lambda length: ((5 + length) / 6) ** 2),
    ],
    ids=["default", "none", "gnmt"],
)
def test_score_is_normalized_by_the_length(search_table, random_table, arguments, divisor):
    """The score is normalized by length, by default as the average over words and end."""
    found = search_table({"type": "greedy", **arguments}, random_table(1, rows=8), limit=6)
    expected = found.log_probabilities / divisor(found.lengths.astype("float64"))
    assert np.allclose(found.scores, expected, atol=1e-4)


def test_impossible_logits_give_an_empty_place(search_table, random_table, check_contract):
    """Without `strict`, a row without an allowed word has score −inf and length 0."""
    table = random_table(0)
    table[1] = -np.inf
    found = search_table({"type": "greedy"}, table)
    check_contract(found, table)
    assert found.lengths[1, 0] == 0 < found.lengths[0, 0]
