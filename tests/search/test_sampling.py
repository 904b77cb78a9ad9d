"""Drawn sentences: their frequencies, their limits, and which are kept."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import SPECIAL, StepOutput
from lrcn_seq.search.sampling import Sampling, inverse_cdf, probabilities

LOGITS = np.array([0.3, 0.1, 0.9, 2.0, 0.5, -1.0, 1.5, 0.0], "float32")
OPEN = [2, 4, 5, 6, 7]  # neither pad, start nor unknown


def constant(logits):
    return lambda word, state, memory: StepOutput(
        ops.repeat(ops.convert_to_tensor(logits)[None], word.shape[0], axis=0), None, state
    )


def first_words(rows, seed=0, **arguments):
    """The first word of many rows, drawn from LOGITS."""
    found = Sampling(**arguments)(
        constant(LOGITS), (), ops.zeros((rows, 1)), special=SPECIAL, limit=1, seed=seed
    )
    return np.asarray(ops.convert_to_numpy(found.words))[:, 0, 0]


def shares(logits, kept):
    weights = np.where(np.isin(np.arange(len(logits)), kept), np.exp(logits.astype("float64")), 0)
    return weights / weights.sum()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, shares(LOGITS, OPEN)),
        ({"temperature": 2.0}, shares(LOGITS / 2, OPEN)),
        ({"inverse_temperature": 1.5}, shares(LOGITS * 1.5, OPEN)),
        ({"top_k": 2}, shares(LOGITS, [6, 2])),
        ({"top_p": 0.6}, shares(LOGITS, [6, 2])),
        ({"top_k": 3, "top_p": 0.6, "temperature": 0.5}, shares(LOGITS * 2, [6])),
        ({"suppress_unknown": False}, shares(LOGITS, [*OPEN, 3])),
        ({"minimum_length": 0, "top_k": 99}, shares(LOGITS, OPEN)),
    ],
    ids=str,
)
def test_words_come_as_often_as_their_probability(arguments, expected):
    """Over 20,000 rows every frequency lies within 4.5 standard errors of the softmax that the arguments describe."""
    rows = 20_000
    counts = np.bincount(first_words(rows, **arguments), minlength=8) / rows
    assert (np.abs(counts - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / rows)).all()


def test_both_temperatures_are_one_thing():
    """Temperature 1/1.5 and inverse temperature 1.5 draw the same words, and sharpen; giving both is refused."""
    assert (
        first_words(500, temperature=1 / 1.5) == first_words(500, inverse_temperature=1.5)
    ).all()
    assert (first_words(5000, inverse_temperature=1.5) == 6).mean() > (
        first_words(5000) == 6
    ).mean() + 0.05
    with pytest.raises(ArgumentError, match="temperature or inverse_temperature"):
        Sampling(temperature=1.0, inverse_temperature=1.0)


def test_no_more_sentences_than_draws():
    """Asking for more sentences than are drawn is refused."""
    with pytest.raises(ArgumentError, match=r"best to be at most draws. Received: best=2, draws=1"):
        Sampling(best=2)


def test_only_the_seed_decides():
    """Equal seeds draw equally, others differ."""
    assert (first_words(200, seed=3) == first_words(200, seed=3)).all()
    assert (first_words(200, seed=3) != first_words(200, seed=4)).any()


@pytest.mark.parametrize("narrow", [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-4}], ids=str)
def test_narrowest_choice_equals_greedy(over_table, table_of, narrow):
    """Only the most probable word to draw from: greedy search."""
    table = table_of(1, rows=8)
    assert (
        over_table({"type": "sampling", **narrow}, table, limit=6).words
        == over_table({"type": "greedy"}, table, limit=6).words
    ).all()


@pytest.mark.parametrize("length", [{"length": "none"}, {"length": "average"}], ids=str)
def test_the_most_probable_draw_is_kept(over_table, table_of, check, length):
    """Of N draws best=1 keeps the one of the highest score, the first of all that best=N returns; scores are the model's, not the sharpened."""
    table = table_of(2)
    spec = {"type": "sampling", "draws": 40, "inverse_temperature": 1.5, **length}
    every, one = over_table(spec, table, limit=6), over_table({**spec, "best": 1}, table, limit=6)
    check(every, table)
    check(one, table)
    assert one.words.shape == (3, 1, 6)
    assert np.allclose(every.scores[:, 0], one.scores[:, 0])


def test_many_draws_find_the_best_sentence(over_table, table_of, oracle):
    """Among 2,000 draws is the most probable of all sentences, as brute force knows it."""
    table = table_of(3)
    found = over_table({"type": "sampling", "draws": 2000, "best": 1}, table, limit=4)
    for row in range(3):
        assert (
            found.words[row, 0, : found.lengths[row, 0]].tolist()
            == oracle["all"](table[row], 4, length="none")[0][2]
        )


def test_minimum_length_holds_back_the_end(over_table, table_of):
    """No sentence ends before its minimum length."""
    found = over_table({"type": "sampling", "draws": 30, "minimum_length": 3}, table_of(4), limit=6)
    assert (found.lengths[found.lengths > 0] >= 4).all()


def test_unfinished_draws_are_returned_where_none_ended(over_table, table_of, check):
    """Unfinished draws count only in a row where no draw ended."""
    table = table_of(5, scale=0.5)
    table[1, :, :, SPECIAL.end] = -np.inf
    found = over_table({"type": "sampling", "draws": 20}, table)
    check(found, table)
    ended = (found.words == SPECIAL.end).any(2)
    assert ended[[0, 2]].any(1).all()
    assert (ended == (found.lengths > 0))[[0, 2]].all()
    assert (found.lengths[1] == 4).sum() > 5


def test_hopeless_logits_give_empty_places(over_table, table_of, check):
    """Rows without a possible word come back empty; others are as ever."""
    table = table_of(0)
    table[1] = -np.inf
    for extra in ({}, {"top_p": 0.9}):
        found = over_table({"type": "sampling", "draws": 4, **extra}, table)
        check(found, table)
        assert (found.lengths[1] == 0).all()
        assert (found.lengths[0] > 0).any()


def test_a_seed_generator_draws_anew_at_each_call(table_of):
    """A compiled model that owns a SeedGenerator gives other sentences at the second call, on every backend."""

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.draws = keras.random.SeedGenerator(5)

        def call(self, memory):
            def step(word, state, memory):
                return StepOutput(memory, None, state)

            return Sampling(draws=2)(
                step, (), memory, special=SPECIAL, limit=8, seed=self.draws
            ).words

    model, logits = Model(), np.zeros((4, 50), "float32")
    assert (
        np.asarray(model.predict_on_batch(logits)) != np.asarray(model.predict_on_batch(logits))
    ).any()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    uniform=st.floats(0, 1, exclude_max=True, width=32),
    spread=st.floats(0, 60),
)
def test_inverse_cdf_never_draws_the_impossible(seed, uniform, spread):
    """The drawn word has a positive chance and stands where NumPy's cumulative sum passes the uniform."""
    generator = np.random.default_rng(seed)
    logits = np.where(
        generator.random((1, 40)) < 0.5, -np.inf, generator.normal(size=(1, 40)) * spread
    ).astype("float32")
    logits[0, 7] = 0.0
    chances = np.asarray(ops.convert_to_numpy(probabilities(ops.convert_to_tensor(logits))))
    word = int(
        inverse_cdf(ops.convert_to_tensor(chances), ops.convert_to_tensor([[np.float32(uniform)]]))[
            0
        ]
    )
    cumulative = np.cumsum(chances[0].astype("float64"))
    assert chances[0, word] > 0
    assert cumulative[word] >= uniform * cumulative[-1] - 1e-5
    assert cumulative[word] - chances[0, word] <= uniform * cumulative[-1] + 1e-5
