"""From raw sentences to tokenized text: by the Penn Treebank rules of the COCO code, by sacreBLEU's 13a, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from lrcn_seq.errors import ArgumentError, did_you_mean
from lrcn_seq.metrics.ptb import tokenize as tokenize_ptb

SYMBOLS = re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])")
POINT_AFTER_OTHER = re.compile(r"([^0-9])([\.,])")
POINT_BEFORE_OTHER = re.compile(r"([\.,])([^0-9])")
DASH_AFTER_DIGIT = re.compile(r"([0-9])(-)")
ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))


def tokenize_texts(texts: Sequence[str], tokenize: str) -> list[str]:
    """Tokenized text, words joined by a space, of each sentence.

    Raises:
        ArgumentError: there is no such tokenization.
    """
    if tokenize not in TOKENIZATIONS:
        raise ArgumentError(
            f"tokenize: expected one of {', '.join(TOKENIZATIONS)}.{did_you_mean(str(tokenize), TOKENIZATIONS)} Received: tokenize={tokenize!r}."
        )
    return TOKENIZATIONS[tokenize](texts)


def tokenize_13a(texts: Sequence[str]) -> list[str]:
    """The language-independent rules of mteval-v13a, as WMT and sacreBLEU use them."""
    return [_one_13a(text) for text in texts]


def _one_13a(text: str) -> str:
    text = text.rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, character in ENTITIES if "&" in text else ():
        text = text.replace(entity, character)
    text = SYMBOLS.sub(r" \1 ", f" {text} ")
    text = POINT_BEFORE_OTHER.sub(r" \1 \2", POINT_AFTER_OTHER.sub(r"\1 \2 ", text))
    return " ".join(DASH_AFTER_DIGIT.sub(r"\1 \2 ", text).split())


TOKENIZATIONS: dict[str, Callable[[Sequence[str]], list[str]]] = {
    "ptb": tokenize_ptb,
    "none": list,
    "13a": tokenize_13a,
}
