"""Tokenization of sentences as in the COCO evaluation code.

The tokens are lowercase Penn Treebank tokens without punctuation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lrcn_seq.metrics.ptb.lexer import tokens
from lrcn_seq.metrics.ptb.rules import NUMBERED, PLAIN, TITLES

PUNCTUATION = frozenset(
    "'' ' `` ` -LRB- -RRB- -LCB- -RCB- . ? ! , : - -- ... ;".split()  # noqa: SIM905
)
EASY = re.compile(r"([A-Za-z]{2,}(?:-[A-Za-z]{2,})*)([.,!?;:]?)")
ABBREVIATED = re.compile(f"{PLAIN}|{TITLES}|{NUMBERED}", re.IGNORECASE)
DIVIDED = frozenset(["cannot", "gonna", "gotta", "lemme", "gimme", "wanna"])
# The tokens of a piece between two spaces depend only on the piece, unless it may belong to a tag,
# contains other white space, or is an initial or an abbreviation, which depend on the next word.
# Pieces with digits depend on each other (fractions, telephone numbers).
CONTEXT_DEPENDENT = re.compile(
    "[<\x00-\x1f\x7f-\xa0\u2000-\u200f\u2028-\u202f\u3000\ufeff]"
    f"|((^|[^A-Za-z])[A-Za-z]|{NUMBERED})\\.$",
    re.IGNORECASE,
)
DIGIT = re.compile(r"\d")
# Markers in results: the whole line of the piece must be tokenized, or the piece has a digit.
WHOLE_LINE, NUMBER = "\n", "\r"
NEXT_LINE_LENGTH = 200


def tokenize(texts: Sequence[str]) -> list[str]:
    """Tokenize sentences.

    Newlines count as spaces, so that each text is one line. As in the Java program, which reads the
    lines from a file, a token at the end of a line may depend on the next line: whether an initial
    keeps its period depends on the next word.

    Returns:
        The tokens of each text, joined by spaces.
    """
    pieces = PieceTokens()
    lines = [text.replace("\n", " ") for text in texts]
    last = len(lines) - 1
    tokenized = []
    for number, line in enumerate(lines):
        joined = "".join(map(pieces.__getitem__, line.split(" ")))
        if NUMBER in joined and joined.count(NUMBER) == 1:
            joined = joined.replace(NUMBER, "")
        if number == last or NUMBER in joined or WHOLE_LINE in joined or ". ." in line:
            following = None if number == last else lines[number + 1][:NEXT_LINE_LENGTH]
            joined = without_punctuation(tokens(line, following))
        tokenized.append(joined[:-1])
    return tokenized


class PieceTokens(dict[str, str]):
    """A cache of tokens by piece (text between two spaces), with a space after each token."""

    def __missing__(self, piece: str) -> str:
        self[piece] = result = self._tokens(piece)
        return result

    @staticmethod
    def _tokens(piece: str) -> str:
        if not piece or piece == ".":
            return ""
        easy = EASY.fullmatch(piece)
        if (
            easy
            and easy[1].lower() not in DIVIDED
            and not (easy[2] == "." and ABBREVIATED.fullmatch(easy[1]))
        ):
            return f"{easy[1].lower()} "
        if CONTEXT_DEPENDENT.search(piece):
            return WHOLE_LINE
        return without_punctuation(tokens(piece + " ")) + (NUMBER if DIGIT.search(piece) else "")


def without_punctuation(line_tokens: Sequence[str]) -> str:
    """Return the tokens other than punctuation, each followed by a space."""
    line = " ".join(line_tokens).rstrip()
    return "".join(f"{token} " for token in line.split(" ") if token and token not in PUNCTUATION)
