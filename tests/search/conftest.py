"""Fixtures for the tests of searches: a compiled search and an exhaustive search over logits."""

import itertools
from functools import cache
from typing import NamedTuple

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.records import SPECIAL, Hypotheses, StepOutput
from lrcn_seq.registry import searches

REGIONS = 3  # of the attention weights
V, S = 6, 7  # vocabulary size (four special and two other words) and number of decoder states


class TableModel(keras.Model):
    """A model that searches over tables of logits (B, S, V, V).

    The decoder state, a hash of the words so far, and the last word select the next V logits. The
    attention weights of 3 regions are the softmax of the first logits; a fourth region is padding.
    A row without a sentence raises no error.
    """

    def __init__(self, search, limit, seed):
        super().__init__()
        self.search, self.limit, self.seed = search, limit, seed
        self.search.strict = False

    def call(self, table):
        def step(word, state, memory):
            table, count = memory["table"], state["count"]
            index = (count % table.shape[1])[:, None, None, None]
            rows = ops.take_along_axis(table, index, axis=1)[:, 0]
            logits = ops.take_along_axis(rows, word[:, None, None], axis=1)[:, 0]
            count = count * 5 + 3 * word + 1
            attention = ops.softmax(logits[:, :REGIONS])
            attention = ops.concatenate([attention, ops.zeros_like(attention[:, :1])], axis=1)
            return StepOutput(logits, attention, {"count": count % 1000, "none": None})

        state = {"count": ops.zeros((ops.shape(table)[0],), "int32"), "none": None}
        return self.search(
            step, state, {"table": table}, special=SPECIAL, limit=self.limit, seed=self.seed
        )


@cache
def model_of(spec, limit, seed):
    """Return the compiled model of a search; equal arguments give the same model."""
    search = searches.build(dict(spec))
    search.encode_texts(ids_of)
    return TableModel(search, limit, seed)


@pytest.fixture(scope="session")
def search_table():
    """Return a function `(spec, table, limit, seed)` that returns hypotheses as NumPy arrays."""

    def run(spec, table, limit=4, seed=0):
        model = model_of(tuple(spec.items()), limit, seed)
        return Hypotheses(*map(np.asarray, model.predict_on_batch(np.asarray(table, "float32"))))

    return run


@pytest.fixture(scope="session")
def random_table():
    """Return a function `(seed, rows, scale)` that draws normal logits (rows, S, V, V)."""

    def draw(seed, rows=3, scale=2.0):
        generator = np.random.default_rng(seed)
        return generator.normal(size=(rows, S, V, V), scale=scale).astype("float32")

    return draw


def log_probabilities(table, words):
    """Return the log probability of each word over one table (S, V, V), and the coverage sums."""
    count, last, gains, coverage = 0, SPECIAL.start, [], np.zeros(REGIONS)
    for word in words:
        logits = table[count % S, last].astype("float64")
        gains.append(logits[word] - np.log(np.exp(logits - logits.max()).sum()) - logits.max())
        weights = np.exp(logits[:REGIONS] - logits[:REGIONS].max())
        coverage += weights / weights.sum()
        count, last = (count * 5 + 3 * last + 1) % 1000, word
    return gains, coverage


def sum_log_probabilities(table, words):
    """Return the log probability of words over one table (S, V, V) in float64."""
    return sum(log_probabilities(table, words)[0])


class Scoring(NamedTuple):
    """The arguments of a search that determine the score of a sentence."""

    length: str = "average"
    alpha: float = 0.6
    word_reward: float = 0.0
    coverage: float = 0.0
    repetition_penalty: float = 1.0


def score_of(table, words, scoring):
    """Return the score of words over one table (S, V, V) in float64."""
    gains, coverage = log_probabilities(table, words)
    total = sum(
        gain * (scoring.repetition_penalty if word in words[:position] else 1)
        for position, (word, gain) in enumerate(zip(words, gains, strict=True))
    )
    n = len(words)
    divisor = {
        "none": 1,
        "average": n,
        "power": n**scoring.alpha,
        "gnmt": ((5 + n) / 6) ** scoring.alpha,
    }[scoring.length]
    penalty = scoring.coverage * np.log(np.minimum(coverage, 1)).sum()
    return total / divisor + scoring.word_reward * n + penalty


def ids_of(text):
    """Return the IDs of a text of numbers, such as `4 5`."""
    return [int(number) for number in text.split()]


def parts_of(words, n):
    """Return the sequences of n successive words."""
    return [words[i : i + n] for i in range(len(words) - n + 1)]


class Rules(NamedTuple):
    """Constraints of a search; texts are numbers, such as `4 5`."""

    minimum_length: int = 0
    block_ngram: int = 0
    prefix: str = ""
    forbidden: tuple[str, ...] = ()
    forbidden_endings: tuple[str, ...] = ()
    repeatable: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


def satisfies(words, rules):
    """Return whether words, with their end word if they have one, satisfy the constraints.

    The prefix must satisfy the other constraints as well.
    """
    ended = words[-1] == SPECIAL.end
    if ended and len(words) - 1 < rules.minimum_length:
        return False
    if words[: len(ids_of(rules.prefix))] != ids_of(rules.prefix):
        return False
    if any(ids in parts_of(words, len(ids)) for ids in map(ids_of, rules.forbidden)):
        return False
    if ended and any(
        words[-len(ids) - 1 : -1] == ids for ids in map(ids_of, rules.forbidden_endings)
    ):
        return False
    if any(ids not in parts_of(words[:-1], len(ids)) for ids in map(ids_of, rules.required)):
        return False
    n, free = rules.block_ngram, [word for text in rules.repeatable for word in ids_of(text)]
    grams = [gram for gram in parts_of(words, n) if gram[-1] not in free] if n else []
    return all(grams.count(gram) == 1 for gram in grams)


def every_sentence(limit, *, suppress_unknown=True, at_limit="compete", **constraints):
    """Yield finished sentences of at most `limit` words, and unfinished ones of `limit` words.

    With `at_limit="force"`, unfinished sentences are left out, and the end word is allowed at the
    limit after a forbidden ending.
    """
    forbidden = {SPECIAL.pad, SPECIAL.start, SPECIAL.end}
    forbidden |= {SPECIAL.unknown} if suppress_unknown else set()
    inner = [word for word in range(V) if word not in forbidden]
    finished = (
        [*words, SPECIAL.end]
        for length in range(limit)
        for words in itertools.product(inner, repeat=length)
    )
    unfinished = (list(words) for words in itertools.product(inner, repeat=limit))
    rules = Rules(**constraints)
    if at_limit == "compete":
        yield from (words for words in (*finished, *unfinished) if satisfies(words, rules))
        return
    for words in finished:
        forced = len(words) == limit
        if satisfies(words, rules._replace(forbidden_endings=()) if forced else rules):
            yield words


def search_all(table, limit, **arguments):
    """Return (score, log probability, words) of every sentence under one table, best first."""
    scoring = {name: arguments.pop(name) for name in Scoring._fields if name in arguments}
    found = []
    for words in every_sentence(limit, **arguments):
        total = sum_log_probabilities(table, words)
        if np.isfinite(total):
            found.append((score_of(table, words, Scoring(**scoring)), total, words))
    return sorted(found, reverse=True)


@pytest.fixture(scope="session")
def brute_force():
    """Return a function that finds all sentences of one table (S, V, V), best first."""
    return search_all


@pytest.fixture(scope="session")
def log_probability():
    """Return a function that computes the log probability of words over one table (S, V, V)."""
    return sum_log_probabilities


def check_sentence(table, words, score, length, total):
    """Assert that a hypothesis is padded and has its log probability under a table (S, V, V)."""
    assert (score > -np.inf) == (total > -np.inf) == (length > 0)
    assert (words[length:] == SPECIAL.pad).all()
    assert SPECIAL.end not in words[: max(length - 1, 0)]
    assert not np.isin(words[:length], [SPECIAL.pad, SPECIAL.start, SPECIAL.unknown]).any()
    if length:
        expected = sum_log_probabilities(table, words[:length])
        assert np.isclose(total, expected, rtol=1e-4, atol=1e-3)


def check_hypotheses(found, table):
    """Assert that hypotheses (B, K) over tables (B, S, V, V) are sorted, distinct and correct."""
    assert found.words.dtype == found.lengths.dtype == np.int32
    assert not np.isnan(found.scores).any()
    assert (np.diff(np.where(np.isfinite(found.scores), found.scores, -1e30), axis=1) <= 1e-6).all()
    for row, logits in enumerate(table):
        sentences = [
            tuple(words[:length])
            for words, length in zip(found.words[row], found.lengths[row], strict=True)
            if length
        ]
        assert len(set(sentences)) == len(sentences)
        for hypothesis in zip(*(array[row] for array in found), strict=True):
            check_sentence(logits, *hypothesis)


@pytest.fixture(scope="session")
def check_contract():
    """Return a function that asserts what must hold for the hypotheses of every search."""
    return check_hypotheses
