"""Longest match of many regular expressions at once, with a lazily built automaton.

The positions of all patterns are the states of a Glushkov automaton (Glushkov, "The abstract theory
of automata", 1961). Sets of positions are bits of Python integers; the sets reached by the text are
cached as a deterministic automaton.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

LEXEME = re.compile(
    r"\{(?P<macro>[A-Z]\w*)\}|\{(?P<least>\d+),(?P<most>\d+)\}"
    r"|\[(?P<not>\^?)(?P<set>(?:\\.|[^\]\\])+)\]|\\(?P<escaped>.)|(?P<sign>[()|?*+])|(?P<char>.)",
    re.DOTALL,
)
SPAN = re.compile(r"(\\?.)-(\\?.)|(\\?.)", re.DOTALL)

Lexemes = list[re.Match[str]]


class Part(NamedTuple):
    """A part of a pattern.

    Attributes:
        empty: whether the part matches the empty string.
        first: bit mask of the pattern positions that can match the first character.
        last: bit mask of the pattern positions that can match the last character.
    """

    empty: bool
    first: int
    last: int


EMPTY = Part(True, 0, 0)


class Automaton:
    """An automaton of several patterns.

    Patterns have the syntax of `re`, restricted to groups, `|`, `?`, `*`, `+`, `{2,4}`, `.` and
    sets, plus `{NAME}` for macros. A letter outside of a set matches both cases and its `folds`; a
    set is case-sensitive.

    Args:
        patterns: the patterns.
        macros: pattern of each macro.
        alphabet: all characters that occur in texts.
        folds: for a lowercase letter, additional characters that it matches.
    """

    def __init__(
        self,
        patterns: Sequence[str],
        *,
        macros: Mapping[str, str],
        alphabet: str,
        folds: Mapping[str, str],
    ) -> None:
        self.macros, self.alphabet, self.folds = macros, alphabet, folds
        self._follow: list[int] = []
        self._reads = dict.fromkeys(alphabet, 0)
        parts = [self._pattern(pattern) for pattern in patterns]
        self._ends = [part.last for part in parts]
        start = 0
        for part in parts:
            start |= part.first
        # A state is a set of pattern positions that match the last character; its successors are
        # the positions that may match the next one. State 0 is the start.
        self._successors: list[int] = [start]
        self._states = {-1: 0}
        self._moves: list[dict[str, int]] = [{}]
        self._accepts: list[tuple[int, ...]] = [()]

    def matches(self, text: str, start: int) -> tuple[int, tuple[int, ...]]:
        """Return the longest match that begins at `start`.

        Returns:
            The end of the match and the indices of all patterns that match up to this end, in
            ascending order; `(start, ())` without a match.
        """
        best: tuple[int, tuple[int, ...]] = (start, ())
        state, place = 0, start
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
        """Return the ends up to `stop` of all matches that begin at `start`, in ascending order."""
        ends, state = [], 0
        for place in range(start, stop):
            character = text[place]
            following = self._moves[state].get(character)
            state = self._move(state, character) if following is None else following
            if state < 0:
                break
            if self._accepts[state]:
                ends.append(place + 1)
        return ends

    def _move(self, state: int, character: str) -> int:
        """Return (and cache) the next state after a character, −1 if there is none."""
        positions = self._successors[state] & self._reads.get(character, 0)
        number = self._states.get(positions) if positions else -1
        if number is None:
            number = self._add_state(positions)
        self._moves[state][character] = number
        return number

    def _add_state(self, positions: int) -> int:
        number = self._states[positions] = len(self._successors)
        successors, rest = 0, positions
        while rest:
            lowest = rest & -rest
            successors |= self._follow[lowest.bit_length() - 1]
            rest ^= lowest
        self._successors.append(successors)
        self._moves.append({})
        self._accepts.append(
            tuple(pattern for pattern, last in enumerate(self._ends) if last & positions)
        )
        return number

    def _pattern(self, pattern: str) -> Part:
        lexemes = list(LEXEME.finditer(pattern))
        part, end = self._choice(lexemes, 0)
        if end != len(lexemes):
            raise ValueError(f"unbalanced pattern {pattern!r}")
        return part

    def _choice(self, lexemes: Lexemes, at: int) -> tuple[Part, int]:
        part, at = self._sequence(lexemes, at)
        while at < len(lexemes) and lexemes[at]["sign"] == "|":
            other, at = self._sequence(lexemes, at + 1)
            part = Part(part.empty or other.empty, part.first | other.first, part.last | other.last)
        return part, at

    def _sequence(self, lexemes: Lexemes, at: int) -> tuple[Part, int]:
        part = EMPTY
        while at < len(lexemes) and lexemes[at]["sign"] not in ("|", ")"):
            piece, at = self._repetition(lexemes, at)
            part = self._concatenation(part, piece)
        return part, at

    def _repetition(self, lexemes: Lexemes, at: int) -> tuple[Part, int]:
        piece, end = self._atom(lexemes, at)
        sign = lexemes[end] if end < len(lexemes) else None
        if sign is not None and sign["least"]:
            return self._counted(lexemes, at, int(sign["least"]), int(sign["most"])), end + 1
        if sign is None or sign["sign"] not in ("?", "*", "+"):
            return piece, end
        if sign["sign"] != "?":
            self._link(piece.last, piece.first)
        return Part(piece.empty or sign["sign"] != "+", piece.first, piece.last), end + 1

    def _counted(self, lexemes: Lexemes, at: int, least: int, most: int) -> Part:
        part = EMPTY
        for repetition in range(most):
            # `_repetition` has already parsed the atom once; those positions stay unlinked.
            piece, _ = self._atom(lexemes, at)
            if repetition >= least:
                piece = piece._replace(empty=True)
            part = self._concatenation(part, piece)
        return part

    def _atom(self, lexemes: Lexemes, at: int) -> tuple[Part, int]:
        lexeme = lexemes[at]
        if lexeme["sign"] == "(":
            part, end = self._choice(lexemes, at + 1)
            return part, end + 1
        if lexeme["macro"]:
            return self._pattern(self.macros[lexeme["macro"]]), at + 1
        return self._position(self._characters(lexeme)), at + 1

    def _characters(self, lexeme: re.Match[str]) -> set[str]:
        """Return the characters that a set, a dot or a letter of a pattern matches."""
        if lexeme["set"]:
            members = set_members(lexeme["set"])
            return set(self.alphabet) - members if lexeme["not"] else members
        if lexeme["char"] == ".":
            return set(self.alphabet)
        character = lexeme["escaped"] or lexeme["char"]
        lower = character.lower()
        return {character, lower, character.upper(), *self.folds.get(lower, "")}

    def _position(self, characters: set[str]) -> Part:
        bit = 1 << len(self._follow)
        self._follow.append(0)
        for character in characters & self._reads.keys():
            self._reads[character] |= bit
        return Part(False, bit, bit)

    def _concatenation(self, part: Part, after: Part) -> Part:
        self._link(part.last, after.first)
        return Part(
            part.empty and after.empty,
            part.first | (after.first if part.empty else 0),
            after.last | (part.last if after.empty else 0),
        )

    def _link(self, ends: int, starts: int) -> None:
        """Let each position of `starts` follow each position of `ends`."""
        while ends:
            lowest = ends & -ends
            self._follow[lowest.bit_length() - 1] |= starts
            ends ^= lowest


def set_members(written: str) -> set[str]:
    """Return the characters of a set such as `a-z_`, written without brackets."""
    members: set[str] = set()
    for low, high, single in SPAN.findall(written):
        if single:
            members.add(single[-1])
        else:
            members.update(map(chr, range(ord(low[-1]), ord(high[-1]) + 1)))
    return members
