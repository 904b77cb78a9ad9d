"""The automaton of required phrases against a search for phrases in sentences."""

import itertools

import numpy as np
import pytest
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import SPECIAL
from lrcn_seq.search._required_phrases import RequiredPhrases

LISTS = [
    [(4,)],
    [(4, 5)],
    [(4, 4, 5)],
    [(4, 5), (5, 6)],
    [(4, 5, 4), (5, 4, 4), (6,)],
    [(4,), (4, 5), (4,)],
]


def contains(words, phrases):
    """Return whether words contain all phrases."""
    return all(
        any(words[i : i + len(phrase)] == phrase for i in range(len(words))) for phrase in phrases
    )


def shortest_completion(words, phrases):
    """Return the smallest number of further words after which words contain all phrases."""
    for length in itertools.count():
        for further in itertools.product((4, 5, 6), repeat=length):
            if contains(words + further, phrases):
                return length
    raise AssertionError


@pytest.mark.parametrize("phrases", LISTS, ids=str)
def test_missing_words_are_those_of_the_shortest_completion(phrases):
    """After any words, the automaton states the length of the shortest completion."""
    required = RequiredPhrases(phrases)
    for length in range(4):
        for words in itertools.product((4, 5, 6, 7), repeat=length):
            state = required.after(words)
            assert required.missing[state] == shortest_completion(words, phrases)


@pytest.mark.parametrize("phrases", LISTS, ids=str)
def test_states_of_tensors_are_those_of_single_sentences(phrases):
    """`advance` gives each row of a batch the state of its words."""
    required = RequiredPhrases(phrases)
    words = np.random.default_rng(0).integers(4, 8, (20, 6)).astype("int32")
    states = ops.zeros((20,), "int32")
    for position in range(6):
        states = required.advance(states, ops.convert_to_tensor(words[:, position]))
    expected = [required.after(row) for row in words.tolist()]
    assert ops.convert_to_numpy(states).tolist() == expected


@pytest.mark.parametrize(
    ("left", "expected"), [(0, [False] * 4), (1, [True, *[False] * 3]), (2, [*[True] * 3, False])]
)
def test_candidates_must_leave_room_for_the_phrases(left, expected):
    """A candidate is allowed if the missing words fit; the end word only after all phrases."""
    required = RequiredPhrases([(4, 5)])
    ids = ops.convert_to_tensor([[4, 5, 7, SPECIAL.end]])
    allowed = required.allowed(ops.zeros((1,), "int32"), ids, left=left, special=SPECIAL)
    assert ops.convert_to_numpy(allowed)[0].tolist() == expected


def test_the_end_is_allowed_after_all_phrases():
    """Once all phrases occur, any word is allowed, also at the last position."""
    required = RequiredPhrases([(4, 5)])
    states = ops.convert_to_tensor([required.after((4, 5, 7))])
    ids = ops.convert_to_tensor([[4, 7, SPECIAL.end]])
    allowed = required.allowed(states, ids, left=-1, special=SPECIAL)
    assert ops.convert_to_numpy(allowed).all()


def test_too_many_phrases_are_refused():
    """Nine different phrases raise an ArgumentError; eight do not."""
    assert len(RequiredPhrases([(word,) for word in range(4, 12)]).missing) == 2**8
    with pytest.raises(ArgumentError, match="Received: 9; join words"):
        RequiredPhrases([(word,) for word in range(4, 13)])
