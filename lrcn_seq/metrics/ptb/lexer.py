"""Text to tokens by the rules, one after the other from left to right."""

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
ROUND = {"(": "-LRB-", ")": "-RRB-"}
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


def quotes(text: str) -> str:
    """Quotes as TeX writes them."""
    for pattern, sign in QUOTES:
        text = pattern.sub(sign, text)
    return text


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
    "quotes": quotes,
    "ampersand": lambda text: AMPERSAND.sub("&", text),
    "currency": lambda text: text.translate(CURRENCY),
    "fraction": lambda text: text.translate(FRACTIONS),
    "brackets": lambda text: (
        BRACKETS.get(text) or "".join(ROUND.get(character, character) for character in text)
    ),
    "phone": lambda text: "".join(ROUND.get(character, character) for character in text).replace(
        " ", "\u00a0"
    ),
}


@cache
def automaton() -> Automaton:
    """All rules as one."""
    return Automaton(
        [f"({rule.pattern})({rule.then})" for rule in RULES],
        macros=MACROS,
        alphabet=ALPHABET,
        folds=FOLDS,
    )


@cache
def halves(number: int) -> tuple[Automaton, Automaton]:
    """A rule's pattern, and what must follow it, apart."""
    rule = RULES[number]
    return tuple(
        Automaton([pattern], macros=MACROS, alphabet=ALPHABET, folds=FOLDS)
        for pattern in (rule.pattern, rule.then)
    )


def tokens(text: str, following: str | None = "") -> list[str]:
    """The tokens of a line as the Java program prints them, in lower case.

    `following` is the next line, which some conditions look at; None where the file ends without a line end.
    """
    whole = text if following is None else f"{text}\n{following}\n"
    table = representatives()
    signs = (
        whole.translate(table)
        if whole.isascii()
        else "".join(table.get(ord(sign), sign if sign < "\x80" else DROPPED) for sign in whole)
    )
    found, place, all_rules = [], 0, automaton()
    while place < len(text):
        end, rules = all_rules.matches(signs, place)
        rule = RULES[rules[0]]
        if rule.then:
            end = split(rules[0], signs, place, end)
        end = min(end - rule.left, len(text))
        token = CHANGES[rule.change](whole[place:end])
        if token:
            found.append(token.lower())
        place = end
    return found


def split(number: int, signs: str, start: int, end: int) -> int:
    """Where the token of a rule with a condition ends: the last place from which the condition holds up to the end of the match."""
    pattern, then = halves(number)
    return next(
        place
        for place in reversed(pattern.ends(signs, start, end))
        if end in then.ends(signs, place, end)
    )
