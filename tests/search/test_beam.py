"""Beam search against a plain beam search, an exhaustive search and greedy search."""

import itertools
import math

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
CONSTRAINTS = [
    {},
    {"suppress_unknown": False},
    {"minimum_length": 2},
    {"block_ngram": 1},
    {"block_ngram": 2, "minimum_length": 1, "suppress_unknown": False},
    {"at_limit": "force"},
]
TEXTS = [
    {"prefix": "4"},
    {"forbidden": ("5 4", "4 4 4")},
    {"forbidden_endings": ("4", "5 5")},
    {"block_ngram": 1, "repeatable": ("5",)},
    {
        "prefix": "5",
        "forbidden": ("4 4",),
        "forbidden_endings": ("4 5",),
        "block_ngram": 2,
        "repeatable": ("4",),
        "minimum_length": 2,
        "suppress_unknown": False,
    },
    {"required": ("4", "5")},
    {"required": ("4 5", "5 4"), "minimum_length": 3, "at_limit": "force"},
]
LENGTHS = [{"length": "none"}, {"length": "average"}, {"length": "gnmt", "alpha": 1.3}]


WORDS = (4, 5, 6)  # ordinary words of the prefix tables
LIMIT = 5
PREFIXES = [p for length in range(LIMIT) for p in itertools.product(WORDS, repeat=length)]
NODES = {prefix: node for node, prefix in enumerate(PREFIXES)}


class PrefixModel(keras.Model):
    """A model with a beam search over log probabilities (B, P, 7) of the word after each prefix."""

    def __init__(self, limit=LIMIT, **arguments):
        super().__init__()
        self.search, self.limit = Beam(**arguments), limit
        following = [[NODES.get((*prefix, word), 0) for word in range(7)] for prefix in PREFIXES]
        self.following = np.array(following, "int32")

    def call(self, table):
        def step(word, node, memory):
            moved = ops.take(ops.reshape(self.following, (-1,)), node * 7 + word)
            node = ops.where(word == SPECIAL.start, 0, moved)
            logits = ops.take_along_axis(memory, node[:, None, None], axis=1)[:, 0]
            return StepOutput(logits, None, node)

        start = ops.zeros((ops.shape(table)[0],), "int32")
        return self.search(step, start, table, special=SPECIAL, limit=self.limit)

    def sentences(self, tables):
        """Return sentences [(score, words), ...] found for tables {prefix: {word: probability}}."""
        array = np.full((len(tables), len(PREFIXES), 7), -np.inf, "float32")
        for row, table in zip(array, tables, strict=True):
            for prefix, probabilities in table.items():
                for word, probability in probabilities.items():
                    row[NODES[prefix], word] = math.log(probability) if probability else -np.inf
        words, scores, lengths, _ = map(np.asarray, self.predict_on_batch(array))
        return [
            [
                (float(score), tuple(sentence[:length].tolist()))
                for sentence, score, length in zip(*row, strict=True)
                if length
            ]
            for row in zip(words, scores, lengths, strict=True)
        ]


def random_prefix_table(generator, end):
    """Return {prefix: {word: probability}} from normal logits; `end` is added for the end word."""
    table = {}
    for prefix in PREFIXES:
        logits = 2 * generator.normal(size=1 + len(WORDS)) + [end, 0, 0, 0]
        weights = np.exp(logits)
        table[prefix] = dict(zip((SPECIAL.end, *WORDS), weights / weights.sum(), strict=True))
    return table


def plain_beam(
    table, K, limit, *, length, alpha=0.6, minimum_length=0, block_ngram=0, at_limit="compete"
):
    """Return [(score, words), ...] of a beam search with lists and dictionaries.

    With K > 1, the search always runs up to the limit; with K = 1, it stops at the first end word.
    """

    def score(total, words):
        n = len(words)
        return total / {"none": 1, "average": n, "gnmt": ((5 + n) / 6) ** alpha}[length]

    def allowed(words):
        grams = [words[i : i + block_ngram] for i in range(len(words) - block_ngram + 1)]
        repeats = block_ngram and len(set(grams)) < len(grams)
        early = words[-1] == SPECIAL.end and len(words) <= minimum_length
        late = at_limit == "force" and len(words) == limit and words[-1] != SPECIAL.end
        return not (repeats or early or late)

    growing, finished = [(0.0, ())], []
    for _ in range(limit):
        extended = [
            (total + math.log(probability), (*words, word))
            for total, words in growing
            for word, probability in table[words].items()
            if allowed((*words, word))
        ]
        extended.sort(reverse=True)
        finished += [item for item in extended[:K] if item[1][-1] == SPECIAL.end]
        growing = [item for item in extended if item[1][-1] != SPECIAL.end][:K]
        if K == 1 and finished:
            growing = []
    finished = sorted(((score(*item), *item) for item in finished), reverse=True)[:K]
    if len(finished) == K:
        growing = [item for item in growing if item[0] > max(total for _, total, _ in finished)]
    found = sorted([*finished, *((score(*item), *item) for item in growing)], reverse=True)[:K]
    return [(points, words) for points, _, words in found]


@pytest.mark.parametrize(
    ("K", "arguments"),
    [
        (1, {"length": "average"}),
        (2, {"length": "average"}),
        (2, {"length": "none", "at_limit": "force"}),
        (3, {"length": "average", "at_limit": "force", "minimum_length": 1}),
        (3, {"length": "gnmt", "alpha": 1.3, "block_ngram": 1}),
        (4, {"length": "none", "minimum_length": 2}),
        (5, {"length": "average", "block_ngram": 2}),
        (7, {"length": "gnmt", "alpha": 0.6}),
    ],
    ids=str,
)
def test_hypotheses_are_those_of_a_plain_beam_search(K, arguments):
    """Beam search gives the hypotheses of `plain_beam` on 200 random tables for each word limit."""
    generator = np.random.default_rng(K)
    tables = [random_prefix_table(generator, end) for end in (-2, 0, 2, 4) for _ in range(50)]
    for limit in (3, LIMIT):
        model = PrefixModel(limit, beams=K, **arguments)
        for found, table in zip(model.sentences(tables), tables, strict=True):
            expected = plain_beam(table, K, limit, **arguments)
            assert [words for _, words in found] == [words for _, words in expected]
            assert np.allclose([s for s, _ in found], [s for s, _ in expected], atol=1e-4)


FAIRSEQ = {
    (): {4: 0.7, 5: 0.3},
    (4,): {SPECIAL.end: 0.25, 4: 0.35, 5: 0.4},
    (5,): {4: 0.1, 5: 0.9},
    (4, 5): {SPECIAL.end: 0.6, 4: 0.4},
    (5, 5): {SPECIAL.end: 0.01, 5: 0.99},
    (5, 5, 5): {SPECIAL.end: 0.1, 4: 0.5, 5: 0.4},
    (4, 5, 4): {SPECIAL.end: 1.0},
}
"""Probabilities of the second sentence of fairseq's tests/test_sequence_generator.py."""


@pytest.mark.parametrize("at_limit", ["compete", "force"])
def test_the_place_of_a_finished_hypothesis_is_refilled(at_limit):
    """When a hypothesis ends, another takes its place in the beam; in this test, it wins."""
    (found,) = PrefixModel(4, beams=2, at_limit=at_limit).sentences([FAIRSEQ])
    assert [words for _, words in found] == [(4, 5, 4, SPECIAL.end), (4, 5, SPECIAL.end)]
    assert [score for score, _ in found] == pytest.approx([-0.5473, -0.5946], abs=1e-4)


LOOP = {(4,) * length: {4: 0.9, 5: 0.1, SPECIAL.end: 1e-30} for length in range(LIMIT)}
"""Probabilities with which the word 4 is repeated and a sentence hardly ever ends."""


@pytest.mark.parametrize("length", LENGTHS, ids=str)
@pytest.mark.parametrize("beams", [2, 6])
def test_a_likely_unfinished_hypothesis_is_better_than_an_unlikely_end(beams, length):
    """An unfinished hypothesis ranks first if it is more likely than all finished ones."""
    table = {prefix: {4: 1.0, SPECIAL.end: 1e-30} for prefix in LOOP}
    (found,) = PrefixModel(beams=beams, **length).sentences([table])
    assert found[0][1] == (4,) * LIMIT
    assert [words[-1] for _, words in found[1:]] == [SPECIAL.end] * min(beams - 1, LIMIT)


def test_forced_ends_have_their_log_probability():
    """With `force`, the score of a hypothesis at the limit includes the forced end word."""
    model = PrefixModel(beams=2, minimum_length=LIMIT - 1, length="none", at_limit="force")
    (found,) = model.sentences([LOOP])
    assert [words for _, words in found] == [(4, 4, 4, 4, SPECIAL.end)]
    assert found[0][0] == pytest.approx(4 * math.log(0.9) + math.log(1e-30), abs=1e-3)


@pytest.mark.parametrize(
    ("length", "constraints"),
    [*itertools.product(LENGTHS, CONSTRAINTS), *itertools.product([LENGTHS[1]], TEXTS)],
    ids=str,
)
def test_wide_beam_equals_brute_force(search_table, random_table, brute_force, length, constraints):
    """A beam search with K ≥ V^L beams returns all sentences in the order of their scores."""
    for seed in range(3):
        table = random_table(seed)
        found = search_table({"type": "beam", "beams": ALL, **length, **constraints}, table)
        for row in range(len(table)):
            scores, totals, sentences = zip(
                *brute_force(table[row], 4, **length, **constraints), strict=True
            )
            size = int((found.scores[row] > -np.inf).sum())
            assert size == len(sentences) >= 2
            assert np.allclose(found.scores[row, :size], scores, atol=1e-4)
            assert np.allclose(found.log_probabilities[row, :size], totals, atol=1e-4)
            assert found.words[row, 0, : found.lengths[row, 0]].tolist() == sentences[0]


@pytest.mark.parametrize("length", LENGTHS, ids=str)
def test_early_stop_returns_the_best_sentence(search_table, random_table, brute_force, length):
    """With `best=1`, a beam search stops early and still returns the best of all sentences."""
    for seed in range(10):
        table = random_table(seed)
        found = search_table({"type": "beam", "beams": ALL, "best": 1, **length}, table)
        assert found.words.shape == (3, 1, 4)
        for row in range(3):
            score, _, words = brute_force(table[row], 4, **length)[0]
            assert found.words[row, 0, : found.lengths[row, 0]].tolist() == words
            assert np.isclose(found.scores[row, 0], score, atol=1e-4)


@pytest.mark.parametrize(
    ("length", "constraints"),
    [*itertools.product(LENGTHS, CONSTRAINTS), (LENGTHS[0], TEXTS[4])],
    ids=str,
)
def test_one_beam_equals_greedy(search_table, random_table, length, constraints):
    """A beam search with one beam equals greedy search in words and scores."""
    for seed in range(5):
        table = random_table(seed, rows=8)
        greedy = search_table({"type": "greedy", **length, **constraints}, table, limit=6)
        spec = {"type": "beam", "beams": 1, **length, **constraints}
        beam = search_table(spec, table, limit=6)
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
def test_hypotheses_satisfy_the_contract(search_table, random_table, check_contract, spec, seed):
    """Hypotheses of a beam search are sorted, distinct and padded, with correct scores."""
    table = random_table(seed, scale=10.0 ** (seed % 3 - 1))
    check_contract(search_table({"type": "beam", **spec}, table, limit=7), table)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), order=st.permutations(range(5)))
def test_rows_are_independent(search_table, random_table, seed, order):
    """The hypotheses of a row do not depend on its position in the batch."""
    table, spec = random_table(seed, rows=5), {"type": "beam", "beams": 3}
    straight = search_table(spec, table, limit=6)
    permuted = search_table(spec, table[order], limit=6)
    assert (straight.words[order] == permuted.words).all()
    assert np.allclose(straight.scores[order], permuted.scores, atol=1e-5)


def test_a_row_that_cannot_end_returns_unfinished_sentences(search_table, random_table):
    """If the end word is impossible, all hypotheses are as long as the word limit."""
    table = random_table(0)
    table[1, :, :, SPECIAL.end] = -np.inf
    found = search_table({"type": "beam", "beams": 3}, table)
    assert (found.lengths[1] == 4).all()
    assert np.isfinite(found.scores[1]).all()
    assert (found.words[1] != SPECIAL.end).all()


@pytest.mark.parametrize("value", [-np.inf, np.nan, np.inf])
def test_rows_without_a_sentence_do_not_affect_others(
    search_table, random_table, check_contract, value
):
    """Without `strict`, rows whose logits are −inf, NaN or inf have scores of −inf."""
    table = random_table(0)
    alone = search_table({"type": "beam", "beams": 3}, table)
    table[1] = value
    found = search_table({"type": "beam", "beams": 3}, table)
    check_contract(found, table)
    assert (found.scores[1] == -np.inf).all()
    assert (found.lengths[1] == 0).all()
    assert (found.words[[0, 2]] == alone.words[[0, 2]]).all()


def test_missing_sentences_leave_places_empty(search_table, random_table, check_contract):
    """If there are fewer sentences than beams, the remaining hypotheses have score −inf."""
    table = np.full_like(random_table(0), -np.inf)
    table[..., SPECIAL.end] = 0
    found = search_table({"type": "beam", "beams": 3}, table)
    check_contract(found, table)
    assert found.words[:, 0].tolist() == [[SPECIAL.end, 0, 0, 0]] * 3
    assert (found.scores[:, 0] == 0).all()
    assert (found.scores[:, 1:] == -np.inf).all()


def test_a_finished_sentence_keeps_its_log_probability(search_table):
    """A finished sentence keeps its log probability while other sentences are extended."""
    table = np.full((1, 7, 6, 6), 0.0, "float32")
    table[..., SPECIAL.end] = 3.0
    found = search_table({"type": "beam", "beams": 2, "length": "none"}, table, limit=20)
    assert found.words[0, 0, 0] == SPECIAL.end
    assert np.isclose(found.log_probabilities[0, 0], 3 - np.log(np.exp(3) + 5), atol=1e-5)


def test_early_stop_considers_longer_sentences(search_table):
    """Early stopping still finds longer sentences whose average score improves with every word."""
    table = np.full((1, 7, 6, 6), -20.0, "float32")
    table[:, 0, SPECIAL.start, [SPECIAL.end, 4, SPECIAL.unknown]] = np.log([0.55, 0.22, 0.23])
    table[:, :, 4, 5] = table[:, :, 5, SPECIAL.end] = 0.0
    found = search_table({"type": "beam", "beams": 2, "best": 1}, table)
    assert found.words[0, 0].tolist() == [4, 5, SPECIAL.end, 0]
    assert np.isclose(found.scores[0, 0], np.log(0.22) / 3, atol=1e-4)


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="JAX traces the loop once; steps cannot be counted"
)
@pytest.mark.parametrize(("end", "steps"), [(20.0, 1), (-np.inf, 50)])
def test_the_loop_stops_when_no_sentence_can_improve(end, steps):
    """A beam search stops as soon as no sentence can improve."""
    calls = []

    def step(word, state, memory):
        calls.append(1)
        logits = ops.convert_to_tensor([[0.0, 0, end, 0, 5.0, 0]])
        return StepOutput(ops.tile(logits, (word.shape[0], 1)), None, state)

    Beam(beams=2, best=1, length="none")(step, (), ops.zeros((2, 1)), special=SPECIAL, limit=50)
    assert len(calls) == steps


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="JAX traces the loop; values cannot be read in it"
)
def test_memory_is_repeated_and_never_reordered():
    """A beam search repeats each row of the memory K times and never reorders the memory."""
    memories = []

    def step(word, state, memory):
        memories.append(ops.convert_to_numpy(memory[:, 0]).tolist())
        words = ops.cast(ops.arange(8), "float32")
        logits = ops.cos(words * (1.0 + memory) + ops.cast(word, "float32")[:, None])
        return StepOutput(logits, None, state)

    memory = ops.convert_to_tensor([[1.0], [2.0]])
    found = Beam(beams=3)(step, None, memory, special=SPECIAL, limit=5)
    assert tuple(found.words.shape) == (2, 3, 5)
    assert len(memories) > 1
    assert all(rows == [1.0] * 3 + [2.0] * 3 for rows in memories)


def test_large_vocabulary_in_half_precision():
    """A beam search over 4,099 float16 logits finds the same words as sorting in NumPy."""
    logits = np.random.default_rng(0).normal(size=(2, 4099)).astype("float16")

    def step(word, state, memory):
        return StepOutput(memory, None, state)

    search = Beam(beams=4, length="none", suppress_unknown=False)
    found = search(step, (), ops.convert_to_tensor(logits), special=SPECIAL, limit=1)
    order = np.argsort(-logits.astype("float64"), axis=1, kind="stable")
    for row in range(2):
        expected = [word for word in order[row] if word not in (SPECIAL.pad, SPECIAL.start)]
        assert ops.convert_to_numpy(found.words)[row, :, 0].tolist() == expected[:4]


def test_an_impossible_limit_is_rejected():
    """A word limit below the minimum length plus the end word raises an ArgumentError."""
    with pytest.raises(ArgumentError, match="Received: limit=3, minimum_length=3"):
        Beam(minimum_length=3)(None, (), ops.zeros((1, 1)), special=SPECIAL, limit=3)


def test_best_is_at_most_beams():
    """A beam search refuses `best` above `beams`."""
    with pytest.raises(ArgumentError, match=r"at most `beams`. Received: best=6, beams=5"):
        Beam(best=6)


def test_state_or_memory_must_contain_a_tensor():
    """A state and memory without any tensor raise an ArgumentError."""
    with pytest.raises(ArgumentError, match="at least one tensor"):
        Beam()(None, (), None, special=SPECIAL, limit=3)


def sentence_of(found, row):
    """Return the best sentence of a row as a list."""
    return found.words[row, 0, : found.lengths[row, 0]].tolist()


@pytest.mark.parametrize("beams", [1, 2, 5])
@pytest.mark.parametrize("seed", range(2))
def test_narrow_beams_contain_improbable_required_phrases(search_table, random_table, beams, seed):
    """Required phrases occur however improbable they are and however narrow the beam is."""
    table = random_table(seed, rows=8)
    table[..., 5] -= 30
    spec = {"type": "beam", "beams": beams, "required": ("5 4 5", "5 5")}
    found = search_table(spec, table, limit=7)
    assert np.isfinite(found.scores[:, 0]).all()
    for row in range(8):
        text = " ".join(map(str, sentence_of(found, row)))
        assert "5 4 5" in text
        assert "5 5" in text


def test_beams_are_divided_among_hypotheses_with_and_without_the_required_words(search_table):
    """A required word is placed where it is most probable, not only at the word limit.

    The word 5 has probability 0.01 at the first position and 0.00001 at all others. A beam of 2
    without banks would keep two hypotheses that begin with more probable words.
    """
    table = np.full((1, 7, 6, 6), -20.0, "float32")
    table[..., [4, SPECIAL.unknown, 5]] = np.log([0.5, 0.49, 1e-5])
    table[:, :, 5, SPECIAL.end] = table[:, :, 4, SPECIAL.end] = np.log(0.4)
    table[:, 0, SPECIAL.start, 5] = np.log(0.01)
    spec = {"type": "beam", "beams": 2, "required": ("5",), "suppress_unknown": False}
    assert sentence_of(search_table(spec, table, limit=6), 0)[0] == 5
