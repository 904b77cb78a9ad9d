"""Random combinations of the arguments of beam searches against an exhaustive search."""

import numpy as np
import pytest

from lrcn_seq.records import SPECIAL

LIMIT = 5
WIDE = 2 ** (LIMIT + 1)  # more than all sentences of two ordinary words
OPTIONS = {
    "length": ["none", "average", "power", "gnmt"],
    "alpha": [0.0, 0.6, 1.3],
    "word_reward": [0.0, 0.4],
    "coverage": [0.0, 0.3],
    "repetition_penalty": [1.0, 1.5],
    "minimum_length": [0, 2],
    "block_ngram": [0, 2],
    "prefix": ["", "5"],
    "forbidden": [(), ("5 4 4", "4 4 4")],
    "forbidden_endings": [(), ("4",)],
    "repeatable": [(), ("5",)],
    "required": [(), ("5",), ("4 5",), ("4", "5 5")],
    "at_limit": ["compete", "force"],
}


def draw_arguments(generator):
    """Return random values of all arguments."""
    return {
        name: values[generator.integers(len(values))] if generator.random() < 0.6 else values[0]
        for name, values in OPTIONS.items()
    }


@pytest.fixture(scope="module")
def combination(random_table, brute_force):
    """Return a function `(seed)` that draws arguments and tables, with all their sentences.

    Arguments that no sentence satisfies are drawn again.
    """

    def draw(seed):
        generator = np.random.default_rng(seed)
        while True:
            arguments = draw_arguments(generator)
            tables = random_table(seed, rows=2)
            expected = [brute_force(table, LIMIT, **arguments) for table in tables]
            if all(expected):
                return arguments, tables, expected

    return draw


def check_equal(found, expected):
    """Assert that hypotheses have the scores, log probabilities and best words of all sentences."""
    for row, sentences in enumerate(expected):
        scores, totals, words = zip(*sentences, strict=True)
        size = int((found.lengths[row] > 0).sum())
        assert size == len(scores)
        assert np.allclose(found.scores[row, :size], scores, atol=1e-4)
        assert np.allclose(found.log_probabilities[row, :size], totals, atol=1e-4)
        assert found.words[row, 0, : found.lengths[row, 0]].tolist() == words[0]


@pytest.mark.parametrize("seed", range(12))
def test_wide_beams_equal_brute_force(search_table, combination, seed):
    """Any combination of arguments gives all sentences that satisfy it, in order of their scores.

    Half of the seeds are for beam search, and half for diverse beam search with two groups.
    """
    arguments, tables, expected = combination(seed)
    spec = {"type": "beam", "beams": WIDE, **arguments}
    if seed % 2:
        spec = {**spec, "type": "diverse_beam", "beams": 2 * WIDE, "groups": 2, "diversity": 0.7}
    check_equal(search_table(spec, tables, limit=LIMIT), expected)


@pytest.mark.parametrize("seed", range(12, 18))
def test_early_stop_finds_the_best_sentence(search_table, combination, seed):
    """With `best=1`, any combination of arguments gives the best of all sentences."""
    arguments, tables, expected = combination(seed)
    spec = {"type": "beam", "beams": WIDE, "best": 1, **arguments}
    found = search_table(spec, tables, limit=LIMIT)
    for row, sentences in enumerate(expected):
        assert found.scores[row, 0] == pytest.approx(sentences[0][0], abs=1e-4)


@pytest.mark.parametrize("name", ["beam", "diverse_beam", "greedy", "sampling"])
def test_arguments_without_effect_change_nothing(search_table, random_table, name):
    """A factor of 1, rewards of 0 and empty lists give the hypotheses of the default arguments."""
    off = {"repetition_penalty": 1.0, "word_reward": 0.0, "forbidden": (), "prefix": ""}
    if "beam" in name:
        off = {**off, "coverage": 0.0, "required": ()}
    tables = random_table(0, rows=6)
    plain = search_table({"type": name}, tables, limit=7)
    for found, expected in zip(
        search_table({"type": name, **off}, tables, limit=7), plain, strict=True
    ):
        assert (found == expected).all()


@pytest.mark.parametrize("name", ["beam", "diverse_beam", "greedy", "sampling"])
def test_a_high_repetition_penalty_prevents_repetition(search_table, random_table, name):
    """With a very high penalty, a word is repeated only if nothing else is possible."""
    tables = random_table(0, rows=6)
    tables[..., SPECIAL.end] += 2
    spec = {"type": name, "repetition_penalty": 1000.0}
    found = search_table(spec, tables, limit=7)
    for row in range(6):
        words = found.words[row, 0, : found.lengths[row, 0]].tolist()
        assert len(set(words)) == len(words)
