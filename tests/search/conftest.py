"""A search over a table instead of a network, compiled; and all sentences of a table, by brute force."""

import itertools
from functools import cache

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.records import SPECIAL, Hypotheses, StepOutput
from lrcn_seq.registry import searches

V, S = 6, 7  # words (two besides the special ones), states


class TableModel(keras.Model):
    """Logits (B, S, V, V) by state and last word; the state is a hash of all words so far."""

    def __init__(self, search, limit, seed):
        super().__init__()
        self.search, self.limit, self.seed = search, limit, seed

    def call(self, table):
        def step(word, state, memory):
            count = state["count"] * 5 + 3 * word + 1
            rows = ops.take_along_axis(
                memory["table"],
                (state["count"] % memory["table"].shape[1])[:, None, None, None],
                axis=1,
            )[:, 0]
            logits = ops.take_along_axis(rows, word[:, None, None], axis=1)[:, 0]
            return StepOutput(logits, None, {"count": count % 1000, "none": None})

        state = {"count": ops.zeros((ops.shape(table)[0],), "int32"), "none": None}
        return self.search(
            step, state, {"table": table}, special=SPECIAL, limit=self.limit, seed=self.seed
        )


@cache
def model_of(spec, limit, seed):
    return TableModel(searches.build(dict(spec)), limit, seed)


@pytest.fixture(scope="session")
def over_table():
    """over_table(spec, table, limit) -> Hypotheses in NumPy; models are compiled once."""

    def run(spec, table, limit=4, seed=0):
        found = model_of(tuple(spec.items()), limit, seed).predict_on_batch(
            np.asarray(table, "float32")
        )
        return Hypotheses(*map(np.asarray, found))

    return run


@pytest.fixture(scope="session")
def table_of():
    """table_of(seed, rows, scale) -> logits (rows, S, V, V)."""
    return lambda seed, rows=3, scale=2.0: (
        np.random.default_rng(seed).normal(size=(rows, S, V, V), scale=scale).astype("float32")
    )


def log_probability(table, words):
    """The sum for a list of words over one table (S, V, V), in float64."""
    count, last, total = 0, SPECIAL.start, 0.0
    for word in words:
        logits = table[count % S, last].astype("float64")
        total += logits[word] - np.log(np.exp(logits - logits.max()).sum()) - logits.max()
        count, last = (count * 5 + 3 * last + 1) % 1000, word
    return total


def score_of(total, length, kind="average", alpha=0.6):
    return {"none": total, "average": total / length, "gnmt": total / ((5 + length) / 6) ** alpha}[
        kind
    ]


def allowed(words, minimum_length, block_ngram):
    """Whether words, the end included, keep to the rules."""
    n = block_ngram
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)] if n else []
    return len(grams) == len(set(grams)) and not (
        SPECIAL.end in words and len(words) - 1 < minimum_length
    )


def every_sentence(limit, *, suppress_unknown=True, minimum_length=0, block_ngram=0):
    inner = [
        word
        for word in range(V)
        if word
        not in (
            SPECIAL.pad,
            SPECIAL.start,
            SPECIAL.end,
            *([SPECIAL.unknown] if suppress_unknown else []),
        )
    ]
    for length in range(limit):
        for words in itertools.product(inner, repeat=length):
            if allowed([*words, SPECIAL.end], minimum_length, block_ngram):
                yield [*words, SPECIAL.end]
    yield from (
        list(words)
        for words in itertools.product(inner, repeat=limit)
        if allowed(words, minimum_length, block_ngram)
    )


def brute_force(table, limit, *, length="average", alpha=0.6, **rules):
    """(score, log probability, words) of all sentences of one table, best first; unfinished ones only where nothing ends."""
    found = []
    for words in every_sentence(limit, **rules):
        total = log_probability(table, words)
        if np.isfinite(total):
            found.append((score_of(total, len(words), length, alpha), total, words))
    finished = [item for item in found if item[2][-1] == SPECIAL.end]
    return sorted(finished or found, reverse=True)


@pytest.fixture(scope="session")
def oracle():
    """brute_force and log_probability, for tests."""
    return {"all": brute_force, "log_probability": log_probability}


def check_hypotheses(found, table, *, special=SPECIAL):
    """What holds of every search's answer: sorted, distinct, only pad after the end, nothing forbidden, true log probabilities."""
    words, scores, lengths, totals = found
    assert words.dtype == lengths.dtype == np.int32
    assert not np.isnan(scores).any()
    assert (np.diff(np.where(np.isfinite(scores), scores, -1e30), axis=1) <= 1e-6).all()
    for row, row_scores, row_lengths, row_totals, logits in zip(
        words, scores, lengths, totals, table, strict=True
    ):
        kept = [
            tuple(sentence[:length])
            for sentence, length in zip(row, row_lengths, strict=True)
            if length
        ]
        assert len(set(kept)) == len(kept)
        for sentence, score, length, total in zip(
            row, row_scores, row_lengths, row_totals, strict=True
        ):
            assert (score > -np.inf) == (total > -np.inf) == (length > 0)
            assert (sentence[length:] == special.pad).all()
            assert special.end not in sentence[: max(length - 1, 0)]
            assert not np.isin(
                sentence[:length], [special.pad, special.start, special.unknown]
            ).any()
            assert not length or np.isclose(
                total, log_probability(logits, sentence[:length]), rtol=1e-4, atol=1e-3
            )


@pytest.fixture(scope="session")
def check():
    return check_hypotheses
