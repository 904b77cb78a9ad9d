"""Raw sentences to the text that the COCO evaluation code scores: Penn Treebank tokens, lower case, without punctuation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lrcn_seq.metrics.ptb.lexer import tokens
from lrcn_seq.metrics.ptb.rules import NUMBERED, PLAIN, TITLES

PUNCTUATION = frozenset(
    [
        "''",
        "'",
        "``",
        "`",
        "-LRB-",
        "-RRB-",
        "-LCB-",
        "-RCB-",
        ".",
        "?",
        "!",
        ",",
        ":",
        "-",
        "--",
        "...",
        ";",
    ]
)
EASY = re.compile(r"([A-Za-z]{2,}(?:-[A-Za-z]{2,})*)([.,!?;:]?)")
ABBREVIATED = re.compile(f"{PLAIN}|{TITLES}|{NUMBERED}", re.IGNORECASE)
DIVIDED = frozenset(["cannot", "gonna", "gotta", "lemme", "gimme", "wanna"])
# A piece between two spaces says all about itself, unless it may belong to a tag, holds odd spaces, or is an initial or an
# abbreviation that hangs on the next word; digits matter to each other (a fraction, a telephone number).
HARD = re.compile(
    f"[<\x00-\x1f\x7f-\xa0\u2000-\u200f\u2028-\u202f\u3000\ufeff]|((^|[^A-Za-z])[A-Za-z]|{NUMBERED})\\.$",
    re.IGNORECASE,
)
DIGIT = re.compile(r"\d")
WHOLE_LINE, NUMBER = "\n", "\r"


def tokenize(texts: Sequence[str]) -> list[str]:
    """Tokens of each text, joined by a space.

    Line ends count as spaces, so a text is a line; the Java program, which reads a file, sees the next line at the end of each,
    and so does this: an initial keeps its full stop or not by the word that follows.
    """
    pieces = Pieces()
    lines = [text.replace("\n", " ") for text in texts]
    last = len(lines) - 1
    found = []
    for number, line in enumerate(lines):
        joined = "".join(map(pieces.__getitem__, line.split(" ")))
        if NUMBER in joined and joined.count(NUMBER) == 1:
            joined = joined.replace(NUMBER, "")
        if number == last or NUMBER in joined or WHOLE_LINE in joined or ". ." in line:
            joined = counted(tokens(line, None if number == last else lines[number + 1][:200]))
        found.append(joined[:-1])
    return found


class Pieces(dict):
    """What stands between two spaces, to its tokens, each with a space behind it. Filled as pieces come."""

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
        if HARD.search(piece):
            return WHOLE_LINE
        return counted(tokens(piece + " ")) + (NUMBER if DIGIT.search(piece) else "")


def counted(found: Sequence[str]) -> str:
    """The tokens that are no punctuation, each with a space behind it."""
    line = " ".join(found).rstrip()
    return "".join(f"{token} " for token in line.split(" ") if token and token not in PUNCTUATION)
