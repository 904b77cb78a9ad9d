"""The text normalizer of METEOR."""

import pytest

from lrcn_seq.metrics.alignment.normalizer import normalize


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a plain line", "a plain line"),
        ("a man 's t-shirt", "a man ' s t shirt"),
        ("it's 1,000 things, really", "it 's 1,000 things , really"),
        ("in the U.S. and", "in the us and"),
        ("wait ... “now” -- go", 'wait ... " now " - go'),
        ("the 1990's", "the 1990 's"),
        ("a\u2003b   c\td", "a b c d"),
        ("50% (off)", "50 % ( off )"),
        ("", ""),
    ],
)
def test_lines_are_split_as_by_meteor(line, words):
    """Lines with dashes, contractions, numbers, quotes, dots and spaces are split as by METEOR."""
    assert normalize(line, {}) == words.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Mr. X", "mr. x"),
        ("no. 5", "no. 5"),
        ("no. Five", "no . five"),
        ("end. of", "end. of"),
        ("the End.", "the end ."),
    ],
)
def test_abbreviations_keep_their_full_stop(line, words):
    """An abbreviation keeps its period, as does a word before a lowercase word.

    Some abbreviations keep the period only before a number.
    """
    assert normalize(line, {"Mr": False, "no": True}) == words.split()
