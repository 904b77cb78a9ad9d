"""Many regular expressions at once, longest match first: patterns to one automaton, built as far as the text needs it.

Positions of all patterns are the states of a Glushkov automaton (Glushkov, "The abstract theory of automata", 1961);
sets of them are Python integers, and the sets that the text reaches are kept as a deterministic automaton.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

LEXEME = re.compile(
    r"\{(?P<macro>[A-Z]\w*)\}|\{(?P<least>\d+),(?P<most>\d+)\}|\[(?P<not>\^?)(?P<set>(?:\\.|[^\]\\])+)\]|\\(?P<escaped>.)|(?P<sign>[()|?*+])|(?P<char>.)",
    re.DOTALL,
)
SPAN = re.compile(r"(\\?.)-(\\?.)|(\\?.)", re.DOTALL)


class Part(NamedTuple):
    """A piece of a pattern: whether it matches nothing, the positions it can start with, and those it can end with."""

    empty: bool
    first: int
    last: int


class Automaton:
    """Finds the longest match of several patterns.

    Patterns are written as in `re`, with groups, `|`, `?`, `*`, `+`, `{2,4}`, `.`, sets and `{NAME}` for macros. A letter outside of a set
    stands for itself in either case and for what `folds` adds; a set is taken as it stands.
    """

    def __init__(
        self,
        patterns: Sequence[str],
        *,
        macros: Mapping[str, str],
        alphabet: str,
        folds: Mapping[str, str],
    ):
        self.macros, self.alphabet, self.folds = macros, alphabet, folds
        self._follow: list[int] = []
        self._reads = dict.fromkeys(alphabet, 0)
        parts = [self._pattern(pattern) for pattern in patterns]
        self._ends = [part.last for part in parts]
        start = 0
        for part in parts:
            start |= part.first
        # A state is the positions just read; from the one at hand the next are what may follow, here for the start.
        self._states: list[int] = [-1]
        self._next_of: list[int] = [start]
        self._known = {-1: 0}
        self._moves: list[dict[str, int]] = [{}]
        self._accepts: list[tuple[int, ...]] = [()]

    def matches(self, text: str, start: int) -> tuple[int, tuple[int, ...]]:
        """The end of the longest match that begins at `start`, and the patterns that match so far, in their order; (start, ()) for none."""
        state, place, best = 0, start, (start, ())
        moves, accepts = self._moves, self._accepts
        while place < len(text):
            character = text[place]
            following = moves[state].get(character)
            if following is None:
                following = self._move(state, character)
            if following < 0:
                break
            place, state = place + 1, following
            if accepts[state]:
                best = place, accepts[state]
        return best

    def ends(self, text: str, start: int, stop: int) -> list[int]:
        """All ends up to `stop` of matches that begin at `start`, rising."""
        found, state = [], 0
        for place in range(start, stop):
            state = (
                self._moves[state].get(text[place], None)
                if text[place] in self._moves[state]
                else self._move(state, text[place])
            )
            if state < 0:
                break
            if self._accepts[state]:
                found.append(place + 1)
        return found

    def _move(self, state: int, character: str) -> int:
        positions = self._next_of[state] & self._reads.get(character, 0)
        number = self._known.get(positions) if positions else -1
        if number is None:
            number = self._known[positions] = len(self._states)
            self._states.append(positions)
            following, rest = 0, positions
            while rest:
                lowest = rest & -rest
                following |= self._follow[lowest.bit_length() - 1]
                rest ^= lowest
            self._next_of.append(following)
            self._moves.append({})
            self._accepts.append(
                tuple(rule for rule, last in enumerate(self._ends) if last & positions)
            )
        self._moves[state][character] = number
        return number

    def _pattern(self, pattern: str) -> Part:
        lexemes = list(LEXEME.finditer(pattern))
        part, end = self._choice(lexemes, 0)
        if end != len(lexemes):
            raise ValueError(f"unbalanced pattern {pattern!r}")
        return part

    def _choice(self, lexemes: list[re.Match], at: int) -> tuple[Part, int]:
        part, at = self._sequence(lexemes, at)
        while at < len(lexemes) and lexemes[at]["sign"] == "|":
            other, at = self._sequence(lexemes, at + 1)
            part = Part(part.empty or other.empty, part.first | other.first, part.last | other.last)
        return part, at

    def _sequence(self, lexemes: list[re.Match], at: int) -> tuple[Part, int]:
        part = Part(True, 0, 0)
        while at < len(lexemes) and lexemes[at]["sign"] not in ("|", ")"):
            piece, at = self._repeated(lexemes, at)
            part = self._joined(part, piece)
        return part, at

    def _repeated(self, lexemes: list[re.Match], at: int) -> tuple[Part, int]:
        piece, end = self._atom(lexemes, at)
        sign = lexemes[end] if end < len(lexemes) else None
        if sign is not None and sign["least"]:
            return self._counted(lexemes, at, int(sign["least"]), int(sign["most"])), end + 1
        if sign is None or sign["sign"] not in ("?", "*", "+"):
            return piece, end
        if sign["sign"] != "?":
            self._link(piece.last, piece.first)
        return Part(piece.empty or sign["sign"] != "+", piece.first, piece.last), end + 1

    def _counted(self, lexemes: list[re.Match], at: int, least: int, most: int) -> Part:
        part = Part(True, 0, 0)
        for time in range(most):
            # The positions of the first reading are not linked to any other, and so do no harm.
            piece, _ = self._atom(lexemes, at)
            part = self._joined(
                part, piece if time < least else Part(True, piece.first, piece.last)
            )
        return part

    def _atom(self, lexemes: list[re.Match], at: int) -> tuple[Part, int]:
        lexeme = lexemes[at]
        if lexeme["sign"] == "(":
            part, end = self._choice(lexemes, at + 1)
            return part, end + 1
        if lexeme["macro"]:
            return self._pattern(self.macros[lexeme["macro"]]), at + 1
        if lexeme["set"]:
            members = self._members(lexeme["set"])
            return self._position(
                set(self.alphabet) - members if lexeme["not"] else members
            ), at + 1
        if lexeme["char"] == ".":
            return self._position(set(self.alphabet)), at + 1
        character = lexeme["escaped"] or lexeme["char"]
        return self._position(
            {
                character,
                character.lower(),
                character.upper(),
                *self.folds.get(character.lower(), ""),
            }
        ), at + 1

    def _members(self, written: str) -> set[str]:
        members: set[str] = set()
        for low, high, single in SPAN.findall(written):
            if single:
                members.add(single[-1])
            else:
                members.update(map(chr, range(ord(low[-1]), ord(high[-1]) + 1)))
        return members

    def _position(self, characters: set[str]) -> Part:
        bit = 1 << len(self._follow)
        self._follow.append(0)
        for character in characters & self._reads.keys():
            self._reads[character] |= bit
        return Part(False, bit, bit)

    def _joined(self, part: Part, after: Part) -> Part:
        self._link(part.last, after.first)
        return Part(
            part.empty and after.empty,
            part.first | (after.first if part.empty else 0),
            after.last | (part.last if after.empty else 0),
        )

    def _link(self, ends: int, starts: int) -> None:
        while ends:
            lowest = ends & -ends
            self._follow[lowest.bit_length() - 1] |= starts
            ends ^= lowest
