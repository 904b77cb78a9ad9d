"""BLEU: clipped n-gram precision with a brevity penalty.

Papineni et al., "BLEU: a Method for Automatic Evaluation of Machine Translation", ACL 2002, section 2.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics._bleu_variants import nltk_bleu, sacre_bleu
from lrcn_seq.metrics._corpus import Corpus
from lrcn_seq.metrics._ngrams import Counts, Texts, starts
from lrcn_seq.metrics.base import Metric
from lrcn_seq.registry import metrics

TINY, SMALL = 1e-15, 1e-9
SMOOTHING = {
    "coco": ("coco", "none"),
    "nltk": tuple(f"method{k}" for k in range(8)),
    "sacrebleu": ("exp", "floor", "add-k", "none"),
}


@metrics.register
class Bleu(Metric):
    """BLEU-1 to BLEU-`order`.

    Arguments:
        variant: whose numbers: the COCO evaluation code, NLTK's `corpus_bleu` or sacreBLEU (as a fraction).
        smoothing: of that variant; None is its default (coco, method0, exp). `none` is BLEU as published, 0 where an order has no match.
            Of NLTK's methods 5 to 7 the corpus score counts the whole corpus, where NLTK looks at its last sentence alone.
        length: the reference length that brevity is measured by. NLTK and sacreBLEU know only the closest.
        effective_order: sacreBLEU only: leave out orders longer than the sentence.
        order: longest n-gram.
    """

    def __init__(
        self,
        variant: Literal["coco", "nltk", "sacrebleu"] = "coco",
        *,
        smoothing: str | None = None,
        length: Literal["closest", "shortest", "average"] = "closest",
        effective_order: bool = False,
        order: Annotated[int, Ge(1), Le(9)] = 4,
    ):
        if variant not in SMOOTHING:
            raise ArgumentError(
                f"variant: expected one of {', '.join(SMOOTHING)}. Received: variant={variant!r}."
            )
        self.smoothing = SMOOTHING[variant][0] if smoothing is None else smoothing
        if self.smoothing not in SMOOTHING[variant]:
            raise ArgumentError(
                f"smoothing: expected one of {', '.join(SMOOTHING[variant])} for variant {variant}. Received: smoothing={smoothing!r}."
            )
        if variant != "coco" and length != "closest":
            raise ArgumentError(
                f"length: expected closest for variant {variant}. Received: length={length!r}."
            )
        self.variant, self.length, self.effective_order, self.order = (
            variant,
            length,
            effective_order,
            order,
        )

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"bleu_{n}" for n in range(1, self.order + 1))

    def statistics(self, corpus: Corpus) -> np.ndarray:
        """Columns: matches of each order, n-grams of each order, words, reference words; for NLTK one order more."""
        orders = self.order + (self.variant == "nltk")
        matches = [
            clipped_matches(texts_counts, corpus.texts) for texts_counts in corpus.ngrams(orders)
        ]
        words = corpus.texts.lengths[corpus.texts.hypothesis]
        least = 1 if self.variant == "nltk" else 0
        guesses = [np.maximum(words - n, least) for n in range(orders)]
        return np.stack(
            [*matches, *guesses, words, reference_lengths(corpus.texts, self.length)], axis=1
        ).astype(np.float64)

    def aggregate(self, totals: np.ndarray) -> np.ndarray:
        orders = (totals.shape[-1] - 2) // 2
        matches, guesses, words, wanted = np.split(
            totals, [orders, 2 * orders, 2 * orders + 1], axis=-1
        )
        if self.variant == "nltk":
            return nltk_bleu(matches, guesses, words, wanted, method=int(self.smoothing[-1]))
        if self.variant == "sacrebleu":
            return sacre_bleu(
                matches,
                guesses,
                words,
                wanted,
                smoothing=self.smoothing,
                effective_order=self.effective_order,
            )
        return coco_bleu(matches, guesses, words, wanted, exact=self.smoothing == "none")

    def signature(self, corpus: Corpus) -> str:
        effective = "|effective_order" if self.effective_order else ""
        return f"bleu|variant:{self.variant}|smoothing:{self.smoothing}|length:{self.length}{effective}|tokenize:{corpus.tokenize}|refs:{corpus.references_in_words()}|n:{len(corpus)}"


def clipped_matches(counts: Counts, texts: Texts) -> np.ndarray:
    """(I,) n-grams of each hypothesis that are in a reference, each at most as often as in the reference that has most."""
    image, own = texts.image[counts.text], texts.hypothesis[counts.text]
    group = np.flatnonzero(starts(counts.gram) | starts(image))
    most = (
        np.maximum.reduceat(np.where(own, 0, counts.count), group) if len(group) else counts.count
    )
    mine = np.where(own[group], counts.count[group], 0)
    return np.bincount(image[group], np.minimum(mine, most), minlength=int(texts.hypothesis.sum()))


def reference_lengths(texts: Texts, length: str) -> np.ndarray:
    """(I,) the reference length of each hypothesis; of two that are equally close, the shorter."""
    words, references = texts.lengths[texts.hypothesis], ~texts.hypothesis
    lengths, image = texts.lengths[references], texts.image[references]
    if length == "average":
        return np.bincount(image, lengths, minlength=len(words)) / np.bincount(
            image, minlength=len(words)
        )
    distance = np.abs(lengths - words[image]) if length == "closest" else lengths
    best = np.lexsort((lengths, distance, image))
    return lengths[best[starts(image[best])]]


def coco_bleu(
    matches: np.ndarray, guesses: np.ndarray, words: np.ndarray, wanted: np.ndarray, *, exact: bool
) -> np.ndarray:
    """(..., N) as the COCO code smooths: tiny constants that keep 0/0 from happening; `exact` leaves them out."""
    tiny, small = (0.0, 0.0) if exact else (TINY, SMALL)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.nan_to_num((matches + tiny) / (guesses + small))
        ratio = np.nan_to_num((words + tiny) / (wanted + small))
        penalty = np.where(ratio < 1, np.exp(1 - 1 / ratio), 1.0)
    return np.cumprod(precision, axis=-1) ** (1 / np.arange(1, matches.shape[-1] + 1)) * penalty
