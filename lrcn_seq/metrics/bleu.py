"""BLEU: clipped n-gram precision with a brevity penalty.

Papineni et al., "BLEU: a Method for Automatic Evaluation of Machine Translation", ACL 2002,
section 2.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.base import Metric
from lrcn_seq.metrics.statistics.array_types import FloatArray, NumberArray
from lrcn_seq.metrics.statistics.bleu_smoothing import nltk_bleu, sacre_bleu
from lrcn_seq.metrics.statistics.ngram_counts import NgramCounts, Texts, run_starts
from lrcn_seq.metrics.statistics.segments import Corpus
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

    NLTK's smoothing methods 5 to 7 need a statistic that NLTK's `corpus_bleu` takes from the last
    sentence only, so that its score depends on the order of the sentences. Here, the statistic is
    that of all sentences: the precision of 5-grams in methods 5 and 7, the number of n-grams in
    method 6. Scores of single sentences, and those of methods 0 to 4, equal those of NLTK. If
    `order` is not 4, methods 5 and 7 use the precision of order + 1, as published, whereas NLTK
    uses that of 5-grams. Without a common trigram, method 6 gives a score, whereas NLTK raises an
    error.

    Args:
        variant: implementation to reproduce: `coco` (COCO evaluation code), `nltk` (`corpus_bleu`)
            or `sacrebleu` (as a fraction).
        smoothing: smoothing method of the variant; None for its default (coco, method0, exp).
            `none` is BLEU as published, which is 0 if an order has no match.
        length: choice of the reference length; NLTK and sacreBLEU support only `closest`.
        effective_order: whether to omit n-grams longer than the sentence (sacreBLEU only).
        order: length of the longest n-grams.
    """

    def __init__(
        self,
        variant: Literal["coco", "nltk", "sacrebleu"] = "coco",
        *,
        smoothing: str | None = None,
        length: Literal["closest", "shortest", "average"] = "closest",
        effective_order: bool = False,
        order: Annotated[int, Ge(1), Le(9)] = 4,
    ) -> None:
        if variant not in SMOOTHING:
            raise ArgumentError(
                f"variant: expected one of {', '.join(SMOOTHING)}. Received: variant={variant!r}."
            )
        self.smoothing = SMOOTHING[variant][0] if smoothing is None else smoothing
        if self.smoothing not in SMOOTHING[variant]:
            raise ArgumentError(
                f"smoothing: expected one of {', '.join(SMOOTHING[variant])} for variant "
                f"{variant}. Received: smoothing={smoothing!r}."
            )
        if variant != "coco" and length != "closest":
            raise ArgumentError(
                f"length: expected closest for variant {variant}. Received: length={length!r}; "
                "use variant coco for other lengths."
            )
        self.variant, self.length = variant, length
        self.effective_order, self.order = effective_order, order

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"bleu_{n}" for n in range(1, self.order + 1))

    def statistics(self, corpus: Corpus) -> FloatArray:
        """Return (I, K) numbers of matches by order, n-grams by order, words, and reference words.

        The variant `nltk` has one more order of matches and n-grams.
        """
        orders = self.order + (self.variant == "nltk")
        matches = [clipped_matches(counts, corpus.texts) for counts in corpus.ngrams(orders)]
        words = corpus.texts.lengths[corpus.texts.hypothesis]
        guesses = [np.maximum(words - n, self._least_guesses(n)) for n in range(orders)]
        columns = [*matches, *guesses, words, reference_lengths(corpus.texts, self.length)]
        return np.stack(columns, axis=1).astype(np.float64)

    def _least_guesses(self, n: int) -> int:
        """Return the lower limit of the number of (n + 1)-grams of a sentence.

        It is 1 for NLTK, but 0 from trigrams on with method 6, and 0 for the other variants.
        """
        actual = self.smoothing == "method6" and n >= 2
        return int(self.variant == "nltk" and not actual)

    def aggregate(self, totals: FloatArray) -> FloatArray:
        orders = (totals.shape[-1] - 2) // 2
        counts = np.split(totals, [orders, 2 * orders, 2 * orders + 1], axis=-1)
        if self.variant == "nltk":
            return nltk_bleu(*counts, method=int(self.smoothing[-1]))
        if self.variant == "sacrebleu":
            return sacre_bleu(
                *counts, smoothing=self.smoothing, effective_order=self.effective_order
            )
        return coco_bleu(*counts, smoothed=self.smoothing == "coco")

    def signature(self, corpus: Corpus) -> str:
        effective = "|effective_order" if self.effective_order else ""
        return (
            f"bleu|variant:{self.variant}|smoothing:{self.smoothing}|length:{self.length}"
            f"{effective}|tokenize:{corpus.tokenize}|refs:{corpus.reference_range()}|n:{len(corpus)}"
        )


def clipped_matches(counts: NgramCounts, texts: Texts) -> NumberArray:
    """Return (I,) the clipped n-gram matches of each hypothesis.

    The matches of an n-gram are clipped to its highest count in a reference.
    """
    image, in_hypothesis = texts.image[counts.text], texts.hypothesis[counts.text]
    # Counts of one n-gram in the texts of one image are adjacent, the hypothesis first.
    group = np.flatnonzero(run_starts(counts.gram) | run_starts(image))
    if not len(group):
        return np.zeros(int(texts.hypothesis.sum()))
    most = np.maximum.reduceat(np.where(in_hypothesis, 0, counts.occurrences), group)
    own = np.where(in_hypothesis[group], counts.occurrences[group], 0)
    return np.bincount(image[group], np.minimum(own, most), minlength=int(texts.hypothesis.sum()))


def reference_lengths(texts: Texts, length: str) -> NumberArray:
    """Return (I,) the reference length of each hypothesis.

    Args:
        texts: hypotheses and references.
        length: `closest` (the shorter one in a tie), `shortest` or `average`.
    """
    words, references = texts.lengths[texts.hypothesis], ~texts.hypothesis
    lengths, image = texts.lengths[references], texts.image[references]
    if length == "average":
        total = np.bincount(image, lengths, minlength=len(words))
        return total / np.bincount(image, minlength=len(words))
    distance = np.abs(lengths - words[image]) if length == "closest" else lengths
    best = np.lexsort((lengths, distance, image))
    return lengths[best[run_starts(image[best])]]


def coco_bleu(
    matches: FloatArray,
    guesses: FloatArray,
    words: FloatArray,
    reference_words: FloatArray,
    *,
    smoothed: bool,
) -> FloatArray:
    """Return BLEU-1 to BLEU-N (..., N), equal to those of the COCO evaluation code.

    Args:
        matches: (..., N) matches by order.
        guesses: (..., N) n-grams by order.
        words: (..., 1) words of the hypotheses.
        reference_words: (..., 1) words of the references.
        smoothed: whether to add the tiny constants with which the COCO code avoids 0/0.
    """
    tiny, small = (TINY, SMALL) if smoothed else (0.0, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.nan_to_num((matches + tiny) / (guesses + small))
        ratio = np.nan_to_num((words + tiny) / (reference_words + small))
        penalty = np.where(ratio < 1, np.exp(1 - 1 / ratio), 1.0)
    mean = np.cumprod(precision, axis=-1) ** (1 / np.arange(1, matches.shape[-1] + 1))
    return np.asarray(mean * penalty)
