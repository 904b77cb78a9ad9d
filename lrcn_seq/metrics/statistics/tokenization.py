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
ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))


def tokenize_texts(texts: Sequence[str], tokenize: str) -> list[str]:
    """Tokenize sentences.

    Args:
        texts: raw sentences.
        tokenize: name of the tokenization: `ptb`, `13a` or `none`.

    Returns:
        The tokens of each sentence, joined by single spaces.

    Raises:
        ArgumentError: the tokenization does not exist.
    """
    if tokenize not in TOKENIZATIONS:
        raise ArgumentError(
            f"tokenize: expected one of {', '.join(TOKENIZATIONS)}."
            f"{did_you_mean(str(tokenize), TOKENIZATIONS)} Received: tokenize={tokenize!r}."
        )
    return TOKENIZATIONS[tokenize](texts)


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
