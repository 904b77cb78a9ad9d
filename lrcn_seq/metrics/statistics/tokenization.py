"""Tokenization of sentences: Penn Treebank rules as in the COCO evaluation code, 13a, or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from lrcn_seq.errors import ArgumentError, did_you_mean
from lrcn_seq.metrics.ptb import tokenize as tokenize_ptb

SYMBOLS = re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])")
POINT_AFTER_NONDIGIT = re.compile(r"([^0-9])([\.,])")
POINT_BEFORE_NONDIGIT = re.compile(r"([\.,])([^0-9])")
DASH_AFTER_DIGIT = re.compile(r"([0-9])(-)")
WORDS_LIMIT = 10_000
"""Number of words of a sentence."""
WORD_LENGTH = 1000
"""Number of characters of a word."""
ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))


def tokenize_texts(texts: Sequence[str], tokenize: str) -> list[str]:
    """Tokenize sentences.

    Args:
        texts: raw sentences.
        tokenize: name of the tokenization: `ptb`, `13a` or `none`.

    Returns:
        The tokens of each sentence, joined by single spaces.

    Raises:
        ArgumentError: the tokenization does not exist, or a sentence exceeds `WORDS_LIMIT` or
            `WORD_LENGTH`.
    """
    if tokenize not in TOKENIZATIONS:
        raise ArgumentError(
            f"tokenize: expected one of {', '.join(TOKENIZATIONS)}."
            f"{did_you_mean(str(tokenize), TOKENIZATIONS)} Received: tokenize={tokenize!r}."
        )
    for text in texts:
        _check_length(text)
    return TOKENIZATIONS[tokenize](texts)


def _check_length(text: str) -> None:
    """Raise ArgumentError for a sentence on which scoring would take minutes.

    The time for the longest common subsequence of a sentence and the time for tokenizing a word
    grow with the square of the length.
    """
    if len(text) <= WORD_LENGTH:
        return
    words = text.split()
    longest = max(map(len, words), default=0)
    if len(words) > WORDS_LIMIT or longest > WORD_LENGTH:
        raise ArgumentError(
            f"expected sentences of at most {WORDS_LIMIT:,} words of at most {WORD_LENGTH:,} "
            f"characters. Received: {len(words):,} words of up to {longest:,} characters "
            f"({text[:40]!r}…); split or remove this sentence."
        )


def tokenize_13a(texts: Sequence[str]) -> list[str]:
    """Tokenize with the language-independent rules of mteval-v13a, used by WMT and sacreBLEU."""
    return [_tokenize_13a(text) for text in texts]


def _tokenize_13a(text: str) -> str:
    text = text.rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, character in ENTITIES if "&" in text else ():
        text = text.replace(entity, character)
    text = SYMBOLS.sub(r" \1 ", f" {text} ")
    text = POINT_BEFORE_NONDIGIT.sub(r" \1 \2", POINT_AFTER_NONDIGIT.sub(r"\1 \2 ", text))
    return " ".join(DASH_AFTER_DIGIT.sub(r"\1 \2 ", text).split())


TOKENIZATIONS: dict[str, Callable[[Sequence[str]], list[str]]] = {
    "ptb": tokenize_ptb,
    "none": list,
    "13a": tokenize_13a,
}
