"""METEOR's normalizer: the tokenization of METEOR 1.5 with `-l en -norm`.

It removes dashes, splits contractions and keeps the periods of abbreviations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import zip_longest

LETTERS = (
    "A-Za-z\u0160\u017d\u0161\u017e\u0178\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e"
    "\u0400-\u0527\ua640-\ua66e\ua67e-\ua697\u1d00-\u1d7f"
)
SYMBOL = re.compile(rf"([^0-9{LETTERS} \t\n\x0b\f\r.'`,\-‘’])")
DOTS = re.compile(r"\.\.+")
DOT = "\ue000"
COMMAS = tuple(
    re.compile(pattern) for pattern in ("([^0-9]),([^0-9])", "([0-9]),([^0-9])", "([^0-9]),([0-9])")
)
DOUBLE_QUOTE = re.compile("[“”]|''")
SINGLE_QUOTE = str.maketrans("`‘’", "'''")
DASH = re.compile(rf"([0-9{LETTERS}.])-([0-9{LETTERS}])")
# In the order of METEOR: apostrophes between non-letters, before a letter and after a letter, in
# contractions, and in plurals of numbers (1990's).
APOSTROPHES = (
    (re.compile(rf"([^{LETTERS}])'([^{LETTERS}])"), r"\1 ' \2"),
    (re.compile(rf"([^{LETTERS}0-9])'([{LETTERS}])"), r"\1 ' \2"),
    (re.compile(rf"([{LETTERS}])'([^{LETTERS}])"), r"\1 ' \2"),
    (re.compile(rf"([{LETTERS}])'([{LETTERS}])"), r"\1 '\2"),
    (re.compile("([0-9])'(s)"), r"\1 '\2"),
)
BLANK = re.compile("[ \t\n\f\r]+")
SPACES = re.compile("[ \u00a0\u2000-\u200a\u202f\u205f\u3000]+")
PLAIN = re.compile("[a-z0-9]+(?: [a-z0-9]+)*")
LETTER, LOWER, NUMBER = re.compile(f"[{LETTERS}]"), re.compile("[a-z]"), re.compile("[0-9]")


def normalize(line: str, prefixes: Mapping[str, bool]) -> list[str]:
    """Split a line into lowercase words.

    Args:
        line: the text.
        prefixes: abbreviations; the value is True if the period is kept only before a number.
    """
    if PLAIN.fullmatch(line):
        return line.split(" ")
    line = SYMBOL.sub(r" \1 ", f" {line} ")
    # A run of dots is one word. A private character replaces it until single dots are split.
    line = DOTS.sub(lambda dots: f" {DOT * len(dots[0])} ", line)
    for pattern in COMMAS:
        line = pattern.sub(r"\1 , \2", line)
    line = DOUBLE_QUOTE.sub(' " ', line.translate(SINGLE_QUOTE))
    line = DASH.sub(r"\1 \2", line.replace("–", "-").replace("--", "-"))
    for pattern, replacement in APOSTROPHES:
        line = pattern.sub(replacement, line)
    words = [word for word in BLANK.split(line) if word]
    line = " ".join(
        _split_full_stop(word, following, prefixes)
        for word, following in zip_longest(words, words[1:], fillvalue="")
    )
    return [word for word in BLANK.split(SPACES.sub(" ", line.replace(DOT, ".")).lower()) if word]


def _split_full_stop(word: str, following: str, prefixes: Mapping[str, bool]) -> str:
    """Keep a word's final period, split it off, or remove all periods (U.S. to US)."""
    if len(word) < 2 or word[-1] != ".":
        return word
    stem = word[:-1]
    if "." in stem and LETTER.search(stem):
        return word.replace(".", "")
    only_before_number = prefixes.get(stem)
    abbreviation = (
        only_before_number is False
        or LOWER.match(following)
        or (only_before_number and NUMBER.match(following))
    )
    return word if abbreviation else f"{stem} ."
