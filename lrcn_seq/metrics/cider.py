"""CIDEr: agreement of n-grams weighted by how rare they are.

Vedantam et al., "CIDEr: Consensus-based Image Description Evaluation", CVPR 2015, section 3; CIDEr-D, section 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from lrcn_seq.metrics._corpus import Corpus
from lrcn_seq.metrics._frequencies import DocumentFrequencies, documents_of, load_frequencies
from lrcn_seq.metrics._ngrams import Counts, Texts, starts
from lrcn_seq.metrics.base import Metric
from lrcn_seq.records import PositiveNumber
from lrcn_seq.registry import metrics


@metrics.register
class Cider(Metric):
    """Ten times the mean over n-gram orders and references of the cosine of tf-idf vectors.

    Arguments:
        variant: `d` is CIDEr-D as in the COCO evaluation code (which calls it CIDEr): counts clipped to the reference's,
            and a penalty on other lengths; `plain` has neither.
        length: what CIDEr-D's penalty measures; the COCO code counts bigrams, one fewer than words, so that differences are the same.
        frequencies: file of stored document frequencies; None takes them from the references at hand, which for one image means a score of 0.
        order: longest n-gram. sigma: width of the length penalty, in words.
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
    ):
        self.variant, self.length, self.order, self.sigma = variant, length, order, sigma
        self.source = "references" if frequencies is None else Path(str(frequencies)).name
        self.frequencies = (
            frequencies
            if frequencies is None or isinstance(frequencies, DocumentFrequencies)
            else load_frequencies(frequencies)
        )

    def statistics(self, corpus: Corpus) -> np.ndarray:
        """Columns: score, 1. A resample keeps the document frequencies."""
        words = None if self.frequencies is None else self.frequencies.renumbered(corpus.vocabulary)
        scores = self.scores(corpus.texts, corpus.ngrams(self.order), words=words)
        return np.stack([scores, np.ones_like(scores)], axis=1)

    def aggregate(self, totals: np.ndarray) -> np.ndarray:
        return totals[..., :1] / totals[..., 1:]

    def signature(self, corpus: Corpus) -> str:
        kept = self.frequencies
        documents = (
            f"references({len(corpus)})"
            if kept is None
            else f"{self.source}({kept.documents},{kept.tokenize})"
        )
        penalty = f"|sigma:{self.sigma:g}|length:{self.length}" if self.variant == "d" else ""
        return f"cider|variant:{self.variant}{penalty}|n-grams:{self.order}|frequencies:{documents}|tokenize:{corpus.tokenize}|refs:{corpus.references_in_words()}|n:{len(corpus)}"

    def scores(
        self, texts: Texts, ngrams: Sequence[Counts], *, words: np.ndarray | None = None
    ) -> np.ndarray:
        """(I,) the score of each hypothesis. `words` (W,) gives the id that each word has in the stored frequencies."""
        images = int(texts.hypothesis.sum())
        kept = self.frequencies
        levels = (
            ((level, documents_of(level, texts)) for level in ngrams)
            if kept is None
            else kept.look_up(ngrams, words)
        )
        likeness = self._cosines(
            texts, levels, np.log(float(images if kept is None else kept.documents))
        )
        references = ~texts.hypothesis
        image = texts.image[references]
        total = np.bincount(image, (likeness * self._penalty(texts))[references], minlength=images)
        return 10 * total / self.order / np.bincount(image, minlength=images)

    def _cosines(
        self, texts: Texts, levels: Iterable[tuple[Counts, np.ndarray]], rarest: float
    ) -> np.ndarray:
        """(T,) for each reference its cosines with the hypothesis, summed over orders."""
        hypothesis = np.flatnonzero(texts.hypothesis)[texts.image]
        likeness = np.zeros(len(texts.lengths))
        for level, documents in levels:
            weight = level.count * (rarest - np.log(np.maximum(documents, 1)))[level.gram]
            norm = np.sqrt(np.bincount(level.text, weight**2, minlength=len(likeness)))
            image = texts.image[level.text]
            first = starts(level.gram) | starts(image)
            theirs = np.flatnonzero(first)[np.cumsum(first) - 1]
            shared = texts.hypothesis[level.text[theirs]] & ~texts.hypothesis[level.text]
            ours, other = weight[theirs[shared]], weight[shared]
            product = (np.minimum(ours, other) if self.variant == "d" else ours) * other
            dot = np.bincount(level.text[shared], product, minlength=len(likeness))
            size = norm * norm[hypothesis]
            likeness += np.divide(dot, size, out=np.zeros(dot.shape), where=size != 0)
        return likeness

    def _penalty(self, texts: Texts) -> np.ndarray:
        """(T,) Gaussian of the difference in length between each text and its hypothesis."""
        if self.variant == "plain":
            return np.ones(len(texts.lengths))
        lengths = np.maximum(texts.lengths - 1, 0) if self.length == "bigrams" else texts.lengths
        delta = (lengths - lengths[np.flatnonzero(texts.hypothesis)[texts.image]]).astype(
            np.float64
        )
        return np.exp(-(delta**2) / (2 * self.sigma**2))
