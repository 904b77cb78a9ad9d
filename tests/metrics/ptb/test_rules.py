"""The rules of the Penn Treebank tokenizer."""

import re

import pytest

from lrcn_seq.metrics.ptb.lexer import CHANGES
from lrcn_seq.metrics.ptb.rules import MACROS, PLAIN, RULES, TITLES, alternatives


def test_alternatives_are_joined():
    """`alternatives` joins words as alternatives of a pattern."""
    assert alternatives("ab [M]c d?") == "ab|[M]c|d?"


def test_every_macro_exists():
    """The patterns of rules use only macros that are defined."""
    texts = [*MACROS.values(), *(rule.pattern + rule.then for rule in RULES)]
    assert {name for text in texts for name in re.findall(r"\{([A-Z]\w*)\}", text)} <= set(MACROS)


def test_every_change_exists():
    """Rules use only the changes that the lexer implements."""
    assert {rule.change for rule in RULES} == set(CHANGES)


@pytest.mark.parametrize(
    ("pattern", "word", "matches"),
    [(PLAIN, "Jan", True), (PLAIN, "Mr", False), (TITLES, "Mr", True), (TITLES, "dog", False)],
)
def test_abbreviations(pattern, word, matches):
    """Months are plain abbreviations, and forms of address are titles."""
    assert bool(re.fullmatch(pattern, word)) == matches


def test_the_last_rule_matches_any_character():
    """The last rule matches any character, so that every text can be tokenized."""
    assert RULES[-1].pattern == "."
