"""Beam search against brute force, greedy search, and its own promises."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import SPECIAL, StepOutput
from lrcn_seq.search.beam import Beam

ALL = 6**4  # V^L
RULES = [
    {},
    {"suppress_unknown": False},
    {"minimum_length": 2},
    {"block_ngram": 1},
    {"block_ngram": 2, "minimum_length": 1, "suppress_unknown": False},
]
LENGTHS = [{"length": "none"}, {"length": "average"}, {"length": "gnmt", "alpha": 1.3}]


@pytest.mark.parametrize("rules", RULES, ids=str)
@pytest.mark.parametrize("length", LENGTHS, ids=str)
def test_wide_beam_equals_brute_force(over_table, table_of, oracle, length, rules):
    """With K ≥ V^L the beam finds all sentences in the order of their scores."""
    for seed in range(3):
        table = table_of(seed)
        found = over_table({"type": "beam", "beams": ALL, **length, **rules}, table)
        for row in range(len(table)):
            expected = oracle["all"](table[row], 4, **length, **rules)
            size = int((found.scores[row] > -np.inf).sum())
            assert size == len(expected) >= 5
            assert np.allclose(
                found.scores[row, :size], [score for score, _, _ in expected], atol=1e-4
            )
            assert np.allclose(
                found.log_probabilities[row, :size], [total for _, total, _ in expected], atol=1e-4
            )
            assert found.words[row, 0, : found.lengths[row, 0]].tolist() == expected[0][2]


@pytest.mark.parametrize("length", LENGTHS, ids=str)
def test_best_sentence_is_exact_with_an_early_stop(over_table, table_of, oracle, length):
    """best=1 stops as soon as nothing can win, and still returns the first of brute force."""
    for seed in range(10):
        table = table_of(seed)
        found = over_table({"type": "beam", "beams": ALL, "best": 1, **length}, table)
        assert found.words.shape == (3, 1, 4)
        for row in range(3):
            score, _, words = oracle["all"](table[row], 4, **length)[0]
            assert found.words[row, 0, : found.lengths[row, 0]].tolist() == words
            assert np.isclose(found.scores[row, 0], score, atol=1e-4)


@pytest.mark.parametrize("rules", RULES, ids=str)
@pytest.mark.parametrize("length", LENGTHS, ids=str)
def test_one_beam_equals_greedy(over_table, table_of, length, rules):
    """K = 1 is greedy search, in words and in scores."""
    for seed in range(5):
        table = table_of(seed, rows=8)
        greedy = over_table({"type": "greedy", **length, **rules}, table, limit=6)
        beam = over_table({"type": "beam", "beams": 1, **length, **rules}, table, limit=6)
        assert (greedy.words == beam.words).all()
        assert np.allclose(greedy.scores, beam.scores, atol=1e-5)
        assert (greedy.lengths == beam.lengths).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
@pytest.mark.parametrize(
    "spec",
    [
        {"beams": 3},
        {"beams": 5, "length": "none", "block_ngram": 2},
        {"beams": 4, "length": "gnmt", "minimum_length": 3},
    ],
    ids=str,
)
def test_answers_keep_the_contract(over_table, table_of, check, spec, seed):
    """Sorted, distinct, nothing after the end, no pad, start or unknown; the log probabilities are those of the words."""
    table = table_of(seed, scale=10.0 ** (seed % 3 - 1))
    check(over_table({"type": "beam", **spec}, table, limit=7), table)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), order=st.permutations(range(5)))
def test_order_of_the_batch_does_not_matter(over_table, table_of, seed, order):
    """Permuting the batch permutes the answers."""
    table, spec = table_of(seed, rows=5), {"type": "beam", "beams": 3}
    straight, shuffled = over_table(spec, table, limit=6), over_table(spec, table[order], limit=6)
    assert (straight.words[order] == shuffled.words).all()
    assert np.allclose(
        straight.scores[order], shuffled.scores, atol=1e-5
    )  # vector instructions round the last bit by place


def test_unfinished_sentences_are_returned_where_none_ends(over_table, table_of):
    """A row whose sentences cannot end gives unfinished ones of full length; the other rows give finished ones."""
    table = table_of(0)
    table[1, :, :, SPECIAL.end] = -np.inf
    found = over_table({"type": "beam", "beams": 3}, table)
    assert (found.lengths[1] == 4).all()
    assert np.isfinite(found.scores[1]).all()
    assert (found.words[1] != SPECIAL.end).all()
    for row in (0, 2):
        for sentence, length in zip(found.words[row], found.lengths[row], strict=True):
            assert length == 0 or sentence[length - 1] == SPECIAL.end


@pytest.mark.parametrize("value", [-np.inf, np.nan, np.inf])
def test_hopeless_logits_give_empty_places(over_table, table_of, check, value):
    """Rows whose logits are all −inf, NaN or inf come back empty with −inf, and leave their neighbors alone."""
    table = table_of(0)
    alone = over_table({"type": "beam", "beams": 3}, table)
    table[1] = value
    found = over_table({"type": "beam", "beams": 3}, table)
    check(found, table)
    assert (found.scores[1] == -np.inf).all()
    assert (found.lengths[1] == 0).all()
    assert (found.words[[0, 2]] == alone.words[[0, 2]]).all()


def test_fewer_sentences_than_places_leave_places_empty(over_table, table_of, check):
    """Where the end is certain, one sentence exists, and the other places have −inf and length 0."""
    table = np.full_like(table_of(0), -np.inf)
    table[..., SPECIAL.end] = 0
    found = over_table({"type": "beam", "beams": 3}, table)
    check(found, table)
    assert found.words[:, 0].tolist() == [[SPECIAL.end, 0, 0, 0]] * 3
    assert (found.scores[:, 0] == 0).all()
    assert (found.scores[:, 1:] == -np.inf).all()


def test_a_finished_sentence_pays_for_nothing_more(over_table):
    """A sentence that ends keeps its log probability, however unlikely all that follows is."""
    table = np.full((1, 7, 6, 6), 0.0, "float32")
    table[..., SPECIAL.end] = 3.0
    found = over_table({"type": "beam", "beams": 2, "length": "none"}, table, limit=20)
    assert found.words[0, 0, 0] == SPECIAL.end
    assert np.isclose(found.log_probabilities[0, 0], 3 - np.log(np.exp(3) + 5), atol=1e-5)


def test_early_stop_waits_for_what_length_may_bring(over_table):
    """With average length, a sentence that is behind when another ends, but sure from there on, still wins."""
    table = np.full((1, 7, 6, 6), -20.0, "float32")
    table[:, 0, SPECIAL.start, [SPECIAL.end, 4, SPECIAL.unknown]] = np.log([0.55, 0.22, 0.23])
    table[:, :, 4, 5] = table[:, :, 5, SPECIAL.end] = 0.0
    found = over_table({"type": "beam", "beams": 2, "best": 1}, table)
    assert found.words[0, 0].tolist() == [4, 5, SPECIAL.end, 0]
    assert np.isclose(found.scores[0, 0], np.log(0.22) / 3, atol=1e-4)


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="JAX traces the loop once, so steps cannot be counted"
)
def test_loop_stops_when_no_beam_can_win():
    """With a sure end the loop makes one step of fifty; where nothing ends it makes all."""
    for ending, steps in ((20.0, 1), (-np.inf, 50)):
        calls = []

        def step(word, state, memory, ending=ending, calls=calls):
            calls.append(1)
            return StepOutput(
                ops.tile(ops.convert_to_tensor([[0.0, 0, ending, 0, 5.0, 0]]), (word.shape[0], 1)),
                None,
                state,
            )

        Beam(beams=2, best=1, length="none")(step, (), ops.zeros((2, 1)), special=SPECIAL, limit=50)
        assert len(calls) == steps


def test_memory_is_repeated_but_never_reordered():
    """The step sees B·K memory rows, K equal ones in a row, at every step; the state may be empty."""
    seen = []

    def step(word, state, memory):
        if keras.backend.backend() != "jax":
            seen.append(np.asarray(ops.convert_to_numpy(memory[:, 0])).tolist())
        logits = ops.cos(
            ops.cast(ops.arange(8), "float32") * (1.0 + memory) + ops.cast(word, "float32")[:, None]
        )
        return StepOutput(logits, None, state)

    found = Beam(beams=3)(
        step, None, ops.convert_to_tensor([[1.0], [2.0]]), special=SPECIAL, limit=5
    )
    assert tuple(found.words.shape) == (2, 3, 5)
    assert all(rows == [1.0] * 3 + [2.0] * 3 for rows in seen)


def test_large_vocabulary_of_half_precision():
    """Logits of 16 bits over a vocabulary that is searched in folds give the same first words as NumPy."""
    V = 4099
    logits = np.random.default_rng(0).normal(size=(2, V)).astype("float16")

    def step(word, state, memory):
        return StepOutput(memory, None, state)

    found = Beam(beams=4, length="none", suppress_unknown=False)(
        step, (), ops.convert_to_tensor(logits), special=SPECIAL, limit=1
    )
    for row in range(2):
        order = [
            word
            for word in np.argsort(-logits[row].astype("float64"), kind="stable")
            if word not in (SPECIAL.pad, SPECIAL.start)
        ]
        assert np.asarray(ops.convert_to_numpy(found.words))[row, :, 0].tolist() == order[:4]


@pytest.mark.parametrize(("minimum_length", "limit"), [(3, 3), (0, 0)])
def test_impossible_limits_are_refused(minimum_length, limit):
    """A limit that leaves no room for the minimum length and the end is an error that says so."""
    with pytest.raises(
        ArgumentError,
        match=rf"at least minimum_length \+ 1 words. Received: limit={limit}, minimum_length={minimum_length}",
    ):
        Beam(minimum_length=minimum_length)(
            None, (), ops.zeros((1, 1)), special=SPECIAL, limit=limit
        )


def test_no_more_sentences_than_beams():
    """Asking for more sentences than there are beams is refused."""
    with pytest.raises(ArgumentError, match=r"best to be at most beams. Received: best=6, beams=5"):
        Beam(best=6)


def test_nothing_to_count_rows_by_is_refused():
    """Neither state nor memory: an error that tells what to do."""
    with pytest.raises(ArgumentError, match="at least one tensor"):
        Beam()(None, (), None, special=SPECIAL, limit=3)
