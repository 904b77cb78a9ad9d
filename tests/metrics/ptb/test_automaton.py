"""The automaton for regular expressions compared with the module `re`."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcn_seq.metrics.ptb.automaton import Automaton, set_members

ALPHABET = "abcxyzABCXYZ.-"


def automaton(*patterns, macros=None, folds=None):
    """Return an automaton of patterns over a small alphabet."""
    return Automaton(patterns, macros=macros or {}, alphabet=ALPHABET, folds=folds or {})


PATTERNS = [
    "ab*c?",
    "(a|b)+x",
    "[a-c]{2,3}y",
    "a.b",
    "x?(yz)*",
    r"\.+|-",
    "((ab)+|c){1,2}x*",
    "[^a-c]+",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=100, deadline=None)
@given(text=st.text("abcxyz.-", max_size=8))
def test_matches_are_those_of_re(pattern, text):
    """The automaton finds the longest prefix that matches in `re`."""
    expected = max(
        (end for end in range(1, len(text) + 1) if re.fullmatch(pattern, text[:end])), default=0
    )
    assert automaton(pattern).matches(text, 0)[0] == expected


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=50, deadline=None)
@given(text=st.text("abcxyz.-", max_size=8))
def test_ends_are_all_matching_prefixes(pattern, text):
    """The automaton finds the ends of all prefixes that match in `re`, up to `stop`."""
    machine = automaton(pattern)
    expected = [end for end in range(1, len(text) + 1) if re.fullmatch(pattern, text[:end])]
    assert machine.ends(text, 0, len(text)) == expected
    stop = len(text) // 2
    assert machine.ends(text, 0, stop) == [end for end in expected if end <= stop]


def test_all_patterns_of_the_longest_match_are_returned_in_order():
    """All patterns of the longest match are returned in order."""
    machine = automaton("ab*", "{WORD}", "[^a]x{1,2}", macros={"WORD": "[a-z]+"})
    assert machine.matches("abbc", 0) == (4, (1,))
    assert machine.matches("abb", 0) == (3, (0, 1))
    assert machine.matches("bxxx", 0) == (4, (1,))


def test_without_a_match_no_pattern_is_returned():
    """A character outside the alphabet matches no pattern."""
    assert automaton("[^a]x").matches("?", 0) == (0, ())


def test_a_match_begins_at_the_start():
    """A match begins at the given start position."""
    assert automaton("ab").matches("xab", 1) == (3, (0,))


def test_letters_match_both_cases_and_sets_do_not():
    """Letters in patterns are case-insensitive, but letters in sets are not."""
    machine = automaton("ab", "[x]y")
    assert machine.matches("AB", 0) == (2, (0,))
    assert machine.matches("Xy", 0) == (0, ())
    assert machine.matches("xY", 0) == (2, (1,))


def test_folds_match_their_letter():
    """Folded characters match their letter outside of sets."""
    assert automaton("a", folds={"a": "z"}).matches("z", 0) == (1, (0,))


def test_unbalanced_parentheses_raise():
    """An unbalanced parenthesis in a pattern raises a ValueError."""
    with pytest.raises(ValueError, match="unbalanced pattern"):
        automaton("a)b")


def test_set_members_expand_ranges_and_escapes():
    """Ranges, escaped brackets and a final hyphen in a set are expanded."""
    assert set_members(r"a-c\]x-") == {"a", "b", "c", "]", "x", "-"}
