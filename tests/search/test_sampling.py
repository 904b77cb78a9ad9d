"""Sampling: frequencies, constraints, and ranking of the drawn sentences."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import SPECIAL, StepOutput
from lrcn_seq.search import sampling
from lrcn_seq.search.sampling import Sampling, inverse_cdf, softmax_or_zeros

LOGITS = np.array([0.3, 0.1, 0.9, 2.0, 0.5, -1.0, 1.5, 0.0], "float32")
ALLOWED = [2, 4, 5, 6, 7]  # neither pad, start nor unknown


def first_words(rows, seed=0, **arguments):
    """Return the first words of many rows, drawn from LOGITS with one seed per row."""

    def step(word, state, memory):
        logits = ops.repeat(ops.convert_to_tensor(LOGITS)[None], word.shape[0], axis=0)
        return StepOutput(logits, None, state)

    seeds = ops.convert_to_tensor(np.random.default_rng(seed).integers(2**30, size=rows))
    search, memory = Sampling(**arguments), ops.zeros((rows, 1))
    found = search(step, (), memory, special=SPECIAL, limit=1, seed=seeds)
    return ops.convert_to_numpy(found.words)[:, 0, 0]


def softmax_over(logits, kept):
    """Return the softmax over the kept IDs, and zeros for other IDs."""
    weights = np.where(np.isin(np.arange(len(logits)), kept), np.exp(logits.astype("float64")), 0)
    return weights / weights.sum()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, softmax_over(LOGITS, ALLOWED)),
        ({"temperature": 2.0}, softmax_over(LOGITS / 2, ALLOWED)),
        ({"inverse_temperature": 1.5}, softmax_over(LOGITS * 1.5, ALLOWED)),
        ({"top_k": 2}, softmax_over(LOGITS, [6, 2])),
        ({"top_p": 0.6}, softmax_over(LOGITS, [6, 2])),
        ({"top_k": 3, "top_p": 0.6, "temperature": 0.5}, softmax_over(LOGITS * 2, [6])),
        ({"suppress_unknown": False}, softmax_over(LOGITS, [*ALLOWED, 3])),
        ({"minimum_length": 0, "top_k": 99}, softmax_over(LOGITS, ALLOWED)),
    ],
    ids=str,
)
def test_frequencies_equal_the_distribution(monkeypatch, arguments, expected):
    """Words drawn with 20,000 evenly spaced numbers have the frequencies of the distribution."""
    uniforms = ops.convert_to_tensor(
        np.arange(0.5, 20_000, dtype="float32")[:, None, None] / 20_000
    )
    monkeypatch.setattr(sampling, "row_uniforms", lambda seeds, shape: uniforms)
    counts = np.bincount(first_words(20_000, **arguments), minlength=8) / 20_000
    assert np.allclose(counts, expected, atol=2e-4)


def test_inverse_temperature_is_the_reciprocal_of_temperature():
    """The inverse temperature is the reciprocal of the temperature."""
    words = first_words(50, inverse_temperature=1.5)
    assert (first_words(50, temperature=1 / 1.5) == words).all()


def test_temperature_and_inverse_temperature_exclude_each_other():
    """Temperature and inverse temperature together raise an ArgumentError."""
    with pytest.raises(ArgumentError, match="temperature or inverse_temperature"):
        Sampling(temperature=1.0, inverse_temperature=1.0)


def test_best_is_at_most_draws():
    """Sampling refuses `best` above `draws`."""
    with pytest.raises(ArgumentError, match=r"at most `draws`. Received: best=2, draws=1"):
        Sampling(best=2)


def test_equal_seeds_draw_equal_words():
    """Sampling with equal seeds draws equal words."""
    assert (first_words(50, seed=3) == first_words(50, seed=3)).all()


def test_other_seeds_draw_other_words():
    """Sampling with different seeds draws different words."""
    assert (first_words(50, seed=3) != first_words(50, seed=4)).any()


@pytest.mark.parametrize("narrow", [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-4}], ids=str)
def test_the_narrowest_distribution_equals_greedy(search_table, random_table, narrow):
    """Sampling from only the most probable word equals greedy search."""
    table = random_table(1, rows=8)
    greedy = search_table({"type": "greedy"}, table, limit=6)
    assert (
        search_table({"type": "sampling", **narrow}, table, limit=6).words == greedy.words
    ).all()


@pytest.mark.parametrize("length", ["none", "average"])
def test_best_1_is_the_first_of_all_draws(search_table, random_table, check_contract, length):
    """With `best=1`, sampling returns the first of all ranked draws."""
    table = random_table(2)
    spec = {"type": "sampling", "draws": 40, "inverse_temperature": 1.5, "length": length}
    every = search_table(spec, table, limit=6)
    one = search_table({**spec, "best": 1}, table, limit=6)
    check_contract(every, table)
    check_contract(one, table)
    assert one.words.shape == (3, 1, 6)
    assert np.allclose(every.scores[:, 0], one.scores[:, 0])


def test_many_draws_find_the_most_probable_sentence(search_table, random_table, brute_force):
    """The best of many draws is the best sentence of the exhaustive search."""
    table = random_table(3)
    found = search_table({"type": "sampling", "draws": 2000, "best": 1}, table, limit=4)
    for row in range(3):
        words = found.words[row, 0, : found.lengths[row, 0]].tolist()
        assert words == brute_force(table[row], 4, length="none")[0][2]


def test_no_sentence_ends_before_the_minimum_length(search_table, random_table):
    """A sampled sentence has at least the minimum length before its end word."""
    spec = {"type": "sampling", "draws": 30, "minimum_length": 3}
    found = search_table(spec, random_table(4), limit=6)
    lengths = found.lengths[found.lengths > 0]
    assert lengths.min() == 4


@pytest.mark.parametrize("length", ["none", "average"])
def test_unfinished_draws_compete_by_score(search_table, random_table, check_contract, length):
    """With `compete`, finished and unfinished draws of a row are ranked by score."""
    table = random_table(5, scale=0.5)
    table[1, :, :, SPECIAL.end] = -np.inf
    spec = {"type": "sampling", "draws": 20, "length": length}
    found = search_table(spec, table)
    check_contract(found, table)
    ended = (found.words == SPECIAL.end).any(2)
    unfinished = ~ended & (found.lengths > 0)
    assert ended[[0, 2]].any()
    assert unfinished[[0, 2]].any()
    assert unfinished[1].sum() > 5
    assert not ended[1].any()


def test_forced_draws_end_at_the_limit(search_table, random_table, check_contract):
    """With `force`, all draws end, and their log probabilities include that of the end word."""
    table = random_table(5, scale=0.5)
    spec = {"type": "sampling", "draws": 20, "at_limit": "force"}
    found = search_table(spec, table)
    check_contract(found, table)
    assert ((found.words == SPECIAL.end).any(2) == (found.lengths > 0)).all()
    assert (found.lengths == 4).any()


@pytest.mark.parametrize("extra", [{}, {"top_p": 0.9}], ids=str)
@pytest.mark.parametrize("value", [-np.inf, np.nan, np.inf])
def test_rows_without_a_sentence_do_not_affect_others(
    search_table, random_table, check_contract, value, extra
):
    """Without `strict`, rows whose logits are −inf, NaN or inf have scores of −inf."""
    table = random_table(0)
    table[1] = value
    found = search_table({"type": "sampling", "draws": 4, **extra}, table)
    check_contract(found, table)
    assert (found.scores[1] == -np.inf).all()
    assert (found.lengths[1] == 0).all()
    assert (found.lengths[[0, 2]] > 0).any(1).all()


@pytest.mark.parametrize(
    ("p", "kept"),
    [(0.8, [5, 6]), (0.81, [5, 6, 4]), (0.5, [5]), (0.9, [5, 6, 4]), (1.0, [5, 6, 4, 7])],
)
def test_top_p_keeps_the_smallest_set_that_reaches_p(p, kept):
    """Of words with probabilities .1 .5 .3 .1, top-p keeps the fewest whose sum reaches p."""
    probabilities = np.array([0, 0, 0, 0, 0.1, 0.5, 0.3, 0.1], "float32")
    logits = ops.log(ops.convert_to_tensor(probabilities[None]))
    search = Sampling(top_p=p)
    uniforms = np.linspace(0, 1, 500, endpoint=False, dtype="float32")[:, None]
    drawn = search._draw(ops.repeat(logits, 500, axis=0), ops.convert_to_tensor(uniforms))
    counts = np.bincount(ops.convert_to_numpy(drawn), minlength=8)
    expected = np.where(np.isin(np.arange(8), kept), probabilities, 0)
    assert np.allclose(counts / 500, expected / expected.sum(), atol=0.01)
    assert set(np.flatnonzero(counts)) == set(kept)


@pytest.mark.parametrize("rows", [[2], [2, 1, 0], [0, 1], [1, 1]], ids=str)
def test_a_sentence_is_independent_of_its_batch(search_table, random_table, rows):
    """Sampling draws the same sentences for a row in a batch of any size and order."""
    table, spec = random_table(6), {"type": "sampling", "draws": 5}
    together, found = search_table(spec, table, limit=6), search_table(spec, table[rows], limit=6)
    assert (together.words[rows] == found.words).all()
    assert np.allclose(together.scores[rows], found.scores, atol=1e-5)


def test_a_seed_generator_gives_new_draws_at_each_call():
    """With a `SeedGenerator`, each call of a compiled model draws other sentences."""

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.draws = keras.random.SeedGenerator(5)

        def call(self, memory):
            def step(word, state, memory):
                return StepOutput(memory, None, state)

            search = Sampling(draws=2)
            return search(step, (), memory, special=SPECIAL, limit=8, seed=self.draws).words

    model, logits = Model(), np.zeros((4, 50), "float32")
    first, second = (np.asarray(model.predict_on_batch(logits)) for _ in range(2))
    assert (first != second).any()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    uniform=st.floats(0, 1, exclude_max=True, width=32),
    scale=st.floats(0, 60),
)
def test_inverse_cdf_equals_the_cumulative_sum(seed, uniform, scale):
    """`inverse_cdf` draws the index whose cumulative interval contains the uniform number."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(1, 40)) * scale
    logits = np.where(generator.random((1, 40)) < 0.5, -np.inf, values).astype("float32")
    logits[0, 7] = 0.0
    probabilities = softmax_or_zeros(ops.convert_to_tensor(logits))
    uniforms = ops.convert_to_tensor([[np.float32(uniform)]])
    word = int(inverse_cdf(probabilities, uniforms)[0])
    probabilities = ops.convert_to_numpy(probabilities)[0]
    cumulative = np.cumsum(probabilities.astype("float64"))
    assert probabilities[word] > 0
    assert cumulative[word] >= uniform * cumulative[-1] - 1e-5
    assert cumulative[word] - probabilities[word] <= uniform * cumulative[-1] + 1e-5


@pytest.mark.parametrize(
    ("uniform", "index"), [(0.0, 1), (0.24, 1), (0.26, 2), (0.74, 2), (0.76, 4), (0.9999, 4)]
)
def test_inverse_cdf_by_hand(uniform, index):
    """`inverse_cdf` gives the indices that are computed by hand from cumulative sums."""
    probabilities = ops.convert_to_tensor([[0.0, 0.25, 0.5, 0.0, 0.25]])
    assert int(inverse_cdf(probabilities, ops.convert_to_tensor([[uniform]]))[0]) == index


def test_softmax_of_minus_infinity_is_zero():
    """The softmax of a row without a finite logit is zero at each word instead of NaN."""
    logits = ops.convert_to_tensor(np.array([[-np.inf, -np.inf], [0.0, np.log(3)]], "float32"))
    found = ops.convert_to_numpy(softmax_or_zeros(logits))
    assert np.allclose(found, [[0, 0], [0.25, 0.75]])
