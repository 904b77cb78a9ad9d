"""Constraints of a search and the candidates for the next word."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import SPECIAL
from lrcn_seq.search._constraints import (
    Constraints,
    candidates,
    completes_ngram,
    penalize_repetition,
)
from lrcn_seq.search._required_phrases import RequiredPhrases


def next_words(logits, words, position, count, **constraints):
    """Return the log probabilities and IDs of `candidates` as NumPy arrays."""
    found = candidates(
        ops.convert_to_tensor(logits),
        ops.convert_to_tensor(words),
        position,
        count=count,
        constraints=Constraints(**constraints),
        special=SPECIAL,
    )
    return [ops.convert_to_numpy(tensor) for tensor in found]


def log_softmax(logits):
    """Return log probabilities in float64."""
    logits = logits.astype("float64")
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


@pytest.mark.parametrize(("suppress_unknown", "ids"), [(True, [0, 1, 3]), (False, [0, 1])])
def test_forbidden_ids(suppress_unknown, ids):
    """Pad and start words are always forbidden; the unknown word is forbidden if suppressed."""
    assert Constraints(suppress_unknown=suppress_unknown).forbidden_ids(SPECIAL) == ids


@pytest.mark.parametrize(("minimum_length", "limit"), [(3, 3), (0, 0), (5, 2)])
def test_check_rejects_an_impossible_limit(minimum_length, limit):
    """A word limit below the minimum length plus the end word raises an ArgumentError."""
    message = f"words. Received: limit={limit}, minimum_length={minimum_length}"
    with pytest.raises(ArgumentError, match=message):
        Constraints(minimum_length).check(limit)


def test_check_accepts_the_smallest_limit():
    """A word limit equal to the minimum length plus the end word is accepted."""
    Constraints(minimum_length=3).check(4)


@settings(max_examples=40, deadline=None)
@given(words=st.lists(st.integers(4, 7), min_size=0, max_size=9), n=st.integers(1, 5))
def test_completes_ngram_equals_counting(words, n):
    """A word is marked if it completes an n-gram that the sentence already contains."""
    padded = np.zeros((1, 10), "int32")
    padded[0, : len(words)] = words
    ids = np.array([[4, 5, 6, 7]])
    found = completes_ngram(
        ops.convert_to_tensor(ids), ops.convert_to_tensor(padded), len(words), n
    )
    for word, completes in zip(ids[0], ops.convert_to_numpy(found)[0], strict=True):
        longer = [*words, word]
        grams = [tuple(longer[i : i + n]) for i in range(len(longer) - n + 1)]
        assert completes == (len(longer) >= n and grams.count(tuple(longer[-n:])) > 1)


def test_candidates_equal_a_mask_over_the_vocabulary():
    """Candidates under all constraints equal the masked and sorted log softmax.

    After the words 10 11 10 12 10, the words 11 and 12 are forbidden, since they would repeat a
    bigram.
    """
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(4, 3000), scale=3).astype("float32")
    logits[:, :4] += 12  # without constraints, the pad, start, end and unknown words would win
    logits[:, [11, 12, 13]] += 11
    words = np.zeros((4, 8), "int32")
    words[:, :5] = [10, 11, 10, 12, 10]
    gains, ids = next_words(logits, words, 5, count=5, minimum_length=6, block_ngram=2)
    expected = log_softmax(logits)
    expected[:, [0, 1, 2, 3, 11, 12]] = -np.inf
    order = np.argsort(-gains, axis=1, kind="stable")[:, :5]
    assert (np.take_along_axis(ids, order, 1) == np.argsort(-expected, axis=1)[:, :5]).all()
    found = np.take_along_axis(gains, order, 1)
    assert np.allclose(found, -np.sort(-expected, axis=1)[:, :5], atol=1e-4)


@pytest.mark.parametrize(("position", "finite"), [(1, False), (2, True)])
def test_the_end_is_allowed_from_the_minimum_length_on(position, finite):
    """The end word is allowed once a sentence has `minimum_length` words."""
    logits = np.array([[0.0, 0.0, 5.0, 0.0, 1.0, 2.0]], "float32")
    gains, ids = next_words(logits, np.zeros((1, 4), "int32"), position, 2, minimum_length=2)
    assert np.isfinite(gains[ids == SPECIAL.end]).tolist() == [finite]


def test_a_word_is_found_behind_all_forbidden_ones():
    """An allowed word is found even if all forbidden words are more probable."""
    logits = np.array([[9.0, 8.0, 7.0, 6.0, 0.0, 2.0, 1.0, 0.0]], "float32")
    gains, ids = next_words(logits, np.zeros((1, 4), "int32"), 0, count=1, minimum_length=2)
    assert ids[np.isfinite(gains)].tolist() == [5]


def test_probabilities_are_not_renormalized():
    """Candidates keep their log probabilities without renormalization over allowed words."""
    logits = np.log(np.array([[0.5, 0.0, 0.125, 0.25, 0.125]], "float32") + 1e-30)
    gains, ids = next_words(logits, np.zeros((1, 4), "int32"), 0, count=1)
    assert np.isclose(gains[ids == 4], np.log(0.125))


@pytest.mark.parametrize("value", [-np.inf, np.nan, np.inf])
def test_logits_without_a_finite_probability_forbid_all_words(value):
    """Rows whose logits are −inf, NaN or inf have no candidate."""
    logits = np.full((1, 9), value, "float32")
    gains, _ = next_words(logits, np.zeros((1, 4), "int32"), 0, count=2)
    assert (gains == -np.inf).all()


def test_a_prefix_need_not_satisfy_the_other_constraints():
    """A word of the prefix may repeat another, and may complete a forbidden phrase."""
    words = np.array([[5, 0, 0, 0]], "int32")
    constraints = {"prefix": (5, 5), "block_ngram": 1, "phrases": ((5, 5),), "minimum_length": 3}
    gains, ids = next_words(np.zeros((1, 9), "float32"), words, 1, 3, **constraints)
    assert ids[np.isfinite(gains)].tolist() == [5]
    assert np.isclose(gains[ids == 5], -np.log(9))


def test_a_phrase_is_forbidden_only_as_a_whole():
    """The last word of a phrase is forbidden only after the other words of the phrase."""
    words = np.array([[6, 5, 0, 0], [5, 6, 0, 0], [0, 0, 0, 0]], "int32")
    gains, ids = next_words(np.zeros((3, 9), "float32"), words, 2, 9, phrases=((5, 6, 7), (8,)))
    found = [set(row[finite].tolist()) for row, finite in zip(ids, np.isfinite(gains), strict=True)]
    assert found == [{2, 4, 5, 6, 7}, {2, 4, 5, 6}, {2, 4, 5, 6, 7}]


def test_a_phrase_is_not_completed_before_the_sentence():
    """At the first position, only phrases of a single word are forbidden."""
    words = np.zeros((1, 4), "int32")
    gains, ids = next_words(np.zeros((1, 9), "float32"), words, 0, 9, phrases=((0, 7), (7, 7)))
    assert 7 in ids[np.isfinite(gains)]


def test_a_forced_end_is_allowed_after_a_forbidden_ending():
    """With `force`, the end word at the word limit is allowed after any word."""
    words = np.array([[5, 5, 5, 0]], "int32")
    gains, ids = next_words(
        np.zeros((1, 9), "float32"), words, 3, 2, phrases=((5, SPECIAL.end),), at_limit="force"
    )
    assert ids[np.isfinite(gains)].tolist() == [SPECIAL.end]


def test_check_rejects_a_prefix_without_a_place_for_the_end():
    """A prefix as long as the word limit raises an ArgumentError."""
    Constraints(prefix=(4, 5, 6)).check(4)
    with pytest.raises(ArgumentError, match="limit=3, and a prefix of 3 words"):
        Constraints(prefix=(4, 5, 6)).check(3)


def test_required_words_are_candidates_however_improbable_they_are():
    """The words of required phrases are candidates once, in addition to the most probable ones."""
    logits = np.zeros((1, 50), "float32")
    logits[0, [9, 30]] = 20.0, -20.0
    found = candidates(
        ops.convert_to_tensor(logits),
        ops.zeros((1, 6), "int32"),
        0,
        count=1,
        constraints=Constraints(required=RequiredPhrases([(9, 30)])),
        special=SPECIAL,
        required=ops.zeros((1,), "int32"),
    )
    gains, ids = map(ops.convert_to_numpy, found)
    allowed = ids[np.isfinite(gains)].tolist()
    assert allowed.count(9) == allowed.count(30) == 1
    assert np.isclose(
        gains[np.isfinite(gains) & (ids == 30)], log_softmax(logits)[0, 30], atol=1e-4
    )


def test_check_rejects_required_phrases_that_do_not_fit():
    """Required phrases that are too long, together with the prefix, raise an ArgumentError."""
    required = RequiredPhrases([(4, 5, 4)])
    Constraints(required=required).check(4)
    Constraints(required=required, prefix=(7, 4)).check(5)
    with pytest.raises(ArgumentError, match=r"with the prefix\. Received: 4 words"):
        Constraints(required=required, prefix=(7,)).check(4)


def test_repetition_multiplies_the_log_probability():
    """Only words before the position are penalized, by a factor of their log probability."""
    found = penalize_repetition(
        ops.convert_to_tensor([[-1.0, -2.0, -3.0], [-1.0, -2.0, -math.inf]]),
        ops.convert_to_tensor([[5, 6, 7], [5, 6, 7]]),
        ops.convert_to_tensor([[5, 7, 6], [7, 7, 5]]),
        2,
        Constraints(repetition_penalty=1.5),
    )
    assert ops.convert_to_numpy(found).tolist() == [[-1.5, -2.0, -4.5], [-1.0, -2.0, -math.inf]]


def test_a_word_is_found_behind_all_penalized_ones():
    """The best word after penalties is a candidate even if penalized words are more probable."""
    logits = np.array([[0.0, 0.0, -9.0, 0.0, 9.0, 8.0, 7.0, 1.0, 0.0]], "float32")
    words = np.array([[4, 5, 6, 0]], "int32")
    _, ids = next_words(logits, words, 3, count=1, repetition_penalty=9.0)
    assert 7 in ids[0]
