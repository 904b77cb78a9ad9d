"""The lexer of a line, which applies the tokenizer rules from left to right."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from lrcn_seq.metrics.ptb.automaton import Automaton
from lrcn_seq.metrics.ptb.characters import CLASSES, DROPPED, representatives
from lrcn_seq.metrics.ptb.rules import MACROS, RULES

ALPHABET = "".join(map(chr, range(128))) + "".join(CLASSES)
FOLDS = {"i": "İı", "k": "\u212a", "s": "ſ"}
BRACKETS = {"(": "-LRB-", ")": "-RRB-", "{": "-LCB-", "}": "-RCB-", "[": "-LSB-", "]": "-RSB-"}
PARENTHESES = str.maketrans({"(": "-LRB-", ")": "-RRB-"})
QUOTES = (
    (re.compile("&apos;|[\u0092\u2019\u203a]"), "'"),
    (re.compile('"|&quot;|[\u0094\u201d\u00bb]'), "''"),
    (re.compile("[\u0091\u2018\u201b\u2039]"), "`"),
    (re.compile("[\u0093\u201c\u00ab]"), "``"),
)
CURRENCY = str.maketrans(
    {"\u00a2": "cents", "\u00a3": "#"} | dict.fromkeys("\u0080\u00a4\u20a0\u20ac", "$")
)
FRACTIONS = str.maketrans({"¼": "1/4", "½": "1/2", "¾": "3/4", "⅓": "1/3", "⅔": "2/3"})
AMPERSAND = re.compile("&amp;", re.IGNORECASE)


def tex_quotes(text: str) -> str:
    """Convert quotes to the notation of TeX."""
    for pattern, sign in QUOTES:
        text = pattern.sub(sign, text)
    return text


# Functions that change the text of a token, by the names used in the rules.
CHANGES: dict[str, Callable[[str], str]] = {
    "": lambda text: text,
    "nothing": lambda _: "",
    "soft": lambda text: text.replace("\u00ad", "") or "-",
    "space": lambda text: text.replace(" ", "\u00a0"),
    "dash": lambda _: "--",
    "hyphens": lambda text: "--" if len(text) in (3, 4) else text,
    "dots": lambda _: "...",
    "less": lambda _: "<",
    "greater": lambda _: ">",
    "quotes": tex_quotes,
    "ampersand": lambda text: AMPERSAND.sub("&", text),
    "currency": lambda text: text.translate(CURRENCY),
    "fraction": lambda text: text.translate(FRACTIONS),
    "brackets": lambda text: BRACKETS.get(text) or text.translate(PARENTHESES),
    "phone": lambda text: text.translate(PARENTHESES).replace(" ", "\u00a0"),
}


@cache
def rule_automaton() -> Automaton:
    """Return the automaton of all rules."""
    return make_automaton(*(f"({rule.pattern})({rule.then})" for rule in RULES))


@cache
def split_automata(number: int) -> tuple[Automaton, Automaton]:
    """Return the automata of a rule's pattern and of its lookahead."""
    rule = RULES[number]
    return make_automaton(rule.pattern), make_automaton(rule.then)


def make_automaton(*patterns: str) -> Automaton:
    """Return an automaton over the alphabet of the tokenizer."""
    return Automaton(patterns, macros=MACROS, alphabet=ALPHABET, folds=FOLDS)


def tokens(text: str, following: str | None = "") -> list[str]:
    """Split a line into lowercase tokens like the Java program.

    Args:
        text: the line.
        following: the next line, on which some rules depend; None at the end of a file without a
            final newline.
    """
    whole = text if following is None else f"{text}\n{following}\n"
    characters = representative_text(whole)
    line_tokens, place, automaton = [], 0, rule_automaton()
    while place < len(text):
        end, rules = automaton.matches(characters, place)
        rule = RULES[rules[0]]
        if rule.then:
            end = token_end(rules[0], characters, place, end)
        end = min(end - rule.left, len(text))
        token = CHANGES[rule.change](whole[place:end])
        if token:
            line_tokens.append(token.lower())
        place = end
    return line_tokens


def representative_text(text: str) -> str:
    """Replace each character by the representative of its class."""
    table = representatives()
    if text.isascii():
        return text.translate(table)
    return "".join(
        table.get(ord(character), character if character < "\x80" else DROPPED)
        for character in text
    )


def token_end(number: int, characters: str, start: int, end: int) -> int:
    """Return the end of the token that a rule with a lookahead matches.

    The token is the longest match of the pattern for which the lookahead ends at `end`.
    """
    pattern, then = split_automata(number)
    return next(
        place
        for place in reversed(pattern.ends(characters, start, end))
        if end in then.ends(characters, place, end)
    )
