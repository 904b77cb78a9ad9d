"""CIDEr: cosine similarity of tf-idf weighted n-grams.

Vedantam et al., "CIDEr: Consensus-based Image Description Evaluation", CVPR 2015, section 3;
CIDEr-D, section 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from lrcn_seq.metrics.base import Metric
from lrcn_seq.metrics.statistics.array_types import FloatArray, IntArray
from lrcn_seq.metrics.statistics.document_frequencies import (
    document_counts,
    load_frequencies,
)
from lrcn_seq.metrics.statistics.ngram_counts import NgramCounts, Texts, run_starts
from lrcn_seq.metrics.statistics.segments import Corpus
from lrcn_seq.records import PositiveNumber
from lrcn_seq.registry import metrics


@metrics.register
class Cider(Metric):
    """Ten times the mean cosine similarity of tf-idf vectors, over n-gram orders and references.

    Args:
        variant: `d` is CIDEr-D as in the COCO evaluation code (which calls it CIDEr): counts are
            clipped to those of the reference, and differences in length are penalized. `plain` does
            neither.
        length: unit of CIDEr-D's length penalty. The COCO code counts bigrams, one fewer than
            words, which gives the same differences except for empty sentences.
        frequencies: file of document frequencies; None to count them in the references, in which
            case a single image has a score of 0.
        order: length of the longest n-grams.
        sigma: width of the Gaussian length penalty, in words.
    """

    names = ("cider",)

    def __init__(
        self,
        variant: Literal["d", "plain"] = "d",
        *,
        length: Literal["bigrams", "words"] = "bigrams",
        frequencies: str | None = None,
        order: Annotated[int, Ge(1), Le(4)] = 4,
        sigma: PositiveNumber = 6.0,
    ) -> None:
        self.variant, self.length, self.order, self.sigma = variant, length, order, sigma
        self.source = "references" if frequencies is None else Path(frequencies).name
        self.frequencies = None if frequencies is None else load_frequencies(frequencies)

    def statistics(self, corpus: Corpus) -> FloatArray:
        """Return (I, 2) the score of each hypothesis and the constant 1.

        Bootstrap samples use the document frequencies of the whole corpus.
        """
        stored = self.frequencies
        word_ids = None if stored is None else stored.word_ids(corpus.vocabulary)
        scores = self.scores(corpus.texts, corpus.ngrams(self.order), word_ids=word_ids)
        return np.stack([scores, np.ones_like(scores)], axis=1)

    def aggregate(self, totals: FloatArray) -> FloatArray:
        return totals[..., :1] / totals[..., 1:]

    def signature(self, corpus: Corpus) -> str:
        stored = self.frequencies
        documents = (
            f"references({len(corpus)})"
            if stored is None
            else f"{self.source}({stored.documents},{stored.tokenize})"
        )
        penalty = f"|sigma:{self.sigma:g}|length:{self.length}" if self.variant == "d" else ""
        return (
            f"cider|variant:{self.variant}{penalty}|n-grams:{self.order}|frequencies:{documents}"
            f"|tokenize:{corpus.tokenize}|refs:{corpus.reference_range()}|n:{len(corpus)}"
        )

    def scores(
        self, texts: Texts, ngrams: Sequence[NgramCounts], *, word_ids: IntArray | None = None
    ) -> FloatArray:
        """Return (I,) the score of each hypothesis.

        Args:
            texts: hypotheses and references.
            ngrams: n-gram counts of `texts`, order 1 to `order`.
            word_ids: (W,) map from the word ids of `texts` to those of the stored frequencies.
        """
        images = int(texts.hypothesis.sum())
        levels: Iterable[tuple[NgramCounts, IntArray]]
        if self.frequencies is None:
            levels = ((level, document_counts(level, texts)) for level in ngrams)
            documents = images
        else:
            levels = self.frequencies.look_up(ngrams, word_ids)
            documents = self.frequencies.documents
        similarity = self._similarities(texts, levels, np.log(float(documents)))
        references = ~texts.hypothesis
        image = texts.image[references]
        penalized = (similarity * self._penalties(texts))[references]
        total = np.bincount(image, penalized, minlength=images)
        return 10 * total / self.order / np.bincount(image, minlength=images)

    def _similarities(
        self, texts: Texts, levels: Iterable[tuple[NgramCounts, IntArray]], log_documents: float
    ) -> FloatArray:
        """Return (T,) the cosine of each reference with its hypothesis, summed over the orders."""
        hypothesis = np.flatnonzero(texts.hypothesis)[texts.image]
        similarity = np.zeros(len(texts.lengths))
        for level, documents in levels:
            idf = log_documents - np.log(np.maximum(documents, 1))
            weight = level.occurrences * idf[level.gram]
            norm = np.sqrt(np.bincount(level.text, weight**2, minlength=len(similarity)))
            image = texts.image[level.text]
            # Counts of one n-gram in the texts of one image are adjacent, the hypothesis first.
            first = run_starts(level.gram) | run_starts(image)
            head = np.flatnonzero(first)[np.cumsum(first) - 1]
            shared = texts.hypothesis[level.text[head]] & ~texts.hypothesis[level.text]
            own, other = weight[head[shared]], weight[shared]
            product = (np.minimum(own, other) if self.variant == "d" else own) * other
            dot = np.bincount(level.text[shared], product, minlength=len(similarity))
            norms = norm * norm[hypothesis]
            similarity += np.divide(dot, norms, out=np.zeros(dot.shape), where=norms != 0)
        return similarity

    def _penalties(self, texts: Texts) -> FloatArray:
        """Return (T,) the Gaussian of the length difference from the hypothesis; 1 for `plain`."""
        if self.variant == "plain":
            return np.ones(len(texts.lengths))
        lengths = np.maximum(texts.lengths - 1, 0) if self.length == "bigrams" else texts.lengths
        delta = lengths - lengths[np.flatnonzero(texts.hypothesis)[texts.image]]
        return np.asarray(np.exp(-(delta.astype(np.float64) ** 2) / (2 * self.sigma**2)))
