"""The PTB tokenizer against the output of the Java program."""

import pytest

from lrcn_seq.metrics.ptb import tokenize
from lrcn_seq.metrics.ptb.automaton import Automaton
from lrcn_seq.metrics.ptb.lexer import tokens


def test_every_line_of_the_sample_is_tokenized_as_by_the_java_program(samples):
    """1,506 lines of captions, contractions, abbreviations, numbers, URLs, quotes, brackets, dashes and other scripts give the very same tokens."""
    lines, wanted = zip(*samples["tokens"], strict=True)
    found = tokenize(lines)
    assert len(found) > 1500
    assert [
        (line, text)
        for line, text, words in zip(lines, found, wanted, strict=True)
        if text != " ".join(words)
    ] == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A man's dog, isn't it?", "a man 's dog is n't it"),
        ("We cannot (really) go", "we can not -lrb- really -rrb- go"),
        ("1 1/2 cups", "1\u00a01/2 cups"),
        ("so . . . long", "so long"),
        ("so . . .5 long", "so 5 long"),
        ("Mr. X. is here.", "mr. x. is here"),
        ("", ""),
        ("   ", ""),
        ("😀", ""),
    ],
)
def test_single_sentences_are_tokenized_as_documented(text, wanted):
    """Contractions, brackets, fractions, ellipsis, abbreviations and nothing at all."""
    assert tokenize([text]) == [wanted]
    assert tokenize([text, "x"])[0] == wanted


def test_the_next_line_decides_about_an_initial_as_in_the_java_program():
    """An initial at the end of a line keeps its full stop unless the next line begins like a sentence."""
    assert tokenize(["building A.", "The dog", "building A.", "my dog"]) == [
        "building a",
        "the dog",
        "building a.",
        "my dog",
    ]


def test_a_line_break_inside_of_a_sentence_is_a_space():
    """A sentence stays one, so that ids and sentences cannot be shifted against each other."""
    assert tokenize(["a\ndog", "b"]) == ["a dog", "b"]


def test_the_fast_path_gives_what_the_rules_give(samples):
    """Tokenizing piece by piece equals running the rules over whole lines."""
    lines = [line for line, _ in samples["tokens"]]
    once = [tokenize([line])[0] for line in lines]
    assert (
        sum(a != b for a, b in zip(once, tokenize(lines), strict=True)) < 30
    )  # those that look at the next line
    assert tokens("the dog 's bone.") == ["the", "dog", "'s", "bone", "."]


def test_the_automaton_finds_the_longest_match_and_the_earlier_pattern():
    """Longest first; of equal matches all patterns are told, in order."""
    automaton = Automaton(
        ["ab*", "{WORD}", "[^a]x{1,2}"], macros={"WORD": "[a-z]+"}, alphabet="abcxyz", folds={}
    )
    assert automaton.matches("abbc", 0) == (4, (1,))
    assert automaton.matches("abb", 0) == (3, (0, 1))
    assert automaton.matches("bxxx", 0) == (4, (1,))
    assert automaton.matches("?", 0) == (0, ())
