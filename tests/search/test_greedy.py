"""Greedy search against a loop in NumPy."""

import numpy as np
import pytest

from lrcn_seq.records import SPECIAL


def greedy(table, limit, never):
    """The most probable word at every step, over one table (S, V, V)."""
    count, last, words = 0, SPECIAL.start, []
    while len(words) < limit and last != SPECIAL.end:
        logits = table[count % table.shape[0], last].copy()
        logits[never] = -np.inf
        count, last = (count * 5 + 3 * last + 1) % 1000, int(np.argmax(logits))
        words.append(last)
    return words


@pytest.mark.parametrize("suppress_unknown", [True, False])
def test_words_equal_a_plain_loop(over_table, table_of, oracle, suppress_unknown):
    """The same words as taking the largest allowed logit in a Python loop, with their log probability and its mean."""
    never = [SPECIAL.pad, SPECIAL.start, *([SPECIAL.unknown] if suppress_unknown else [])]
    for seed in range(5):
        table = table_of(seed, rows=8)
        found = over_table({"type": "greedy", "suppress_unknown": suppress_unknown}, table, limit=6)
        for row in range(8):
            words = greedy(table[row], 6, never)
            assert found.words[row, 0, : found.lengths[row, 0]].tolist() == words
            assert np.isclose(
                found.log_probabilities[row, 0],
                oracle["log_probability"](table[row], words),
                atol=1e-4,
            )
            assert np.isclose(
                found.scores[row, 0] * len(words), found.log_probabilities[row, 0], atol=1e-4
            )


def test_hopeless_logits_give_an_empty_place(over_table, table_of, check):
    """A row without any possible word has score −inf and length 0."""
    table = table_of(0)
    table[1] = -np.inf
    found = over_table({"type": "greedy"}, table)
    check(found, table)
    assert found.lengths[1, 0] == 0 < found.lengths[0, 0]
