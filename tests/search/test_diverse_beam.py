"""Diverse beam search against a search with lists, an exhaustive search and beam search."""

import numpy as np
import pytest

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import SPECIAL
from lrcn_seq.search.diverse_beam import DiverseBeam

INNER = (4, 5)  # ordinary words of the tables of `random_table`


def extend_group(growing, finished, K, used, *, diversity, log_probability):
    """Return the growing and finished hypotheses of a group after one step.

    A hypothesis is a tuple of its log probability minus penalties, and its words.
    """
    extended = []
    for total, words in growing:
        for word in (SPECIAL.end, *INNER):
            sentence = [*words, word]
            gain = log_probability(sentence) - log_probability(words)
            extended.append((total + gain - diversity * used.count(word), sentence))
    extended.sort(reverse=True)
    finished = finished + [item for item in extended[:K] if item[1][-1] == SPECIAL.end]
    growing = [item for item in extended if item[1][-1] != SPECIAL.end][:K]
    return ([] if K == 1 and finished else growing), finished


def search_with_lists(log_probability, K, groups, limit, diversity):
    """Return {words: score} of a diverse beam search with lists and averages as scores."""
    states = [([(0.0, [])], []) for _ in range(groups)]
    for _ in range(limit):
        used = []
        for group, (growing, finished) in enumerate(states):
            states[group] = extend_group(
                growing,
                finished,
                K,
                used,
                diversity=diversity,
                log_probability=log_probability,
            )
            used = used + [words[-1] for _, words in states[group][0]]
    scores = {}
    for growing, finished in states:
        kept = sorted(finished, key=lambda item: -item[0] / len(item[1]))[:K]
        worst = max(total for total, _ in kept) if len(kept) == K else -np.inf
        candidates = [*kept, *(item for item in growing if item[0] > worst)]
        ranked = sorted((-total / len(words), tuple(words)) for total, words in candidates)
        for score, words in ranked[:K]:
            scores.setdefault(words, -score)
    return scores


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("options", [(4, 4, 0.7), (4, 2, 0.5), (6, 3, 2.0), (6, 2, 0.0)], ids=str)
def test_hypotheses_are_those_of_a_search_with_lists(
    search_table, random_table, log_probability, options, seed
):
    """A diverse beam search finds the sentences and scores of a search with lists."""
    beams, groups, diversity = options
    tables = random_table(seed, rows=4)
    spec = {"type": "diverse_beam", "beams": beams, "groups": groups, "diversity": diversity}
    found = search_table(spec, tables, limit=5)
    for row, table in enumerate(tables):
        expected = search_with_lists(
            lambda words, table=table: log_probability(table, words),
            beams // groups,
            groups,
            5,
            diversity,
        )
        size = int((found.lengths[row] > 0).sum())
        sentences = [
            tuple(found.words[row, k, : found.lengths[row, k]].tolist()) for k in range(size)
        ]
        assert set(sentences) == set(expected)
        for sentence, score in zip(sentences, found.scores[row], strict=False):
            assert score == pytest.approx(expected[sentence], abs=1e-4)


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"length": "gnmt", "block_ngram": 1, "minimum_length": 1},
        {"length": "none", "prefix": "5", "forbidden": ("4 4",), "at_limit": "force"},
    ],
    ids=str,
)
def test_wide_groups_equal_brute_force(search_table, random_table, brute_force, rules):
    """Groups that are wide enough return all sentences, each of them once."""
    tables = random_table(0, rows=2)
    spec = {"type": "diverse_beam", "beams": 160, "groups": 2, **rules}
    found = search_table(spec, tables)
    for row, table in enumerate(tables):
        scores, totals, sentences = zip(*brute_force(table, 4, **rules), strict=True)
        size = int((found.lengths[row] > 0).sum())
        assert size == len(sentences) > 3
        assert np.allclose(found.scores[row, :size], scores, atol=1e-4)
        assert np.allclose(found.log_probabilities[row, :size], totals, atol=1e-4)


@pytest.mark.parametrize("beams", [1, 4])
def test_one_group_equals_beam_search(search_table, random_table, beams):
    """With one group, the hypotheses are those of plain beam search."""
    tables = random_table(1, rows=8)
    plain = search_table({"type": "beam", "beams": beams}, tables, limit=6)
    spec = {"type": "diverse_beam", "beams": beams, "groups": 1}
    for found, expected in zip(search_table(spec, tables, limit=6), plain, strict=True):
        assert (found == expected).all()


def test_groups_begin_with_different_words(search_table, random_table):
    """With a large penalty and groups of one beam, sentences differ in their first words."""
    spec = {"type": "diverse_beam", "beams": 2, "groups": 2, "diversity": 100.0}
    tables = random_table(2, rows=8)
    tables[..., SPECIAL.end] = -100
    found = search_table(spec, tables, limit=5)
    assert (np.sort(found.words[:, :, 0], axis=1) == INNER).all()


def test_hypotheses_satisfy_the_contract(search_table, random_table, check_contract):
    """Hypotheses are sorted, distinct and padded, with correct log probabilities."""
    tables = random_table(3)
    check_contract(search_table({"type": "diverse_beam"}, tables, limit=7), tables)


def test_beams_must_be_a_multiple_of_groups():
    """Five beams in two groups raise an ArgumentError that proposes six."""
    with pytest.raises(ArgumentError, match="beams=5, groups=2; search with 6 beams"):
        DiverseBeam(beams=5, groups=2)
