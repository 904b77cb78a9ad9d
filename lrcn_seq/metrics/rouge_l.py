"""ROUGE-L: F-measure of the longest common subsequence.

Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004, section 3.1, with beta = 1.2
as in the COCO evaluation code.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from lrcn_seq.metrics.base import Metric
from lrcn_seq.metrics.statistics.array_types import FloatArray
from lrcn_seq.metrics.statistics.segments import Corpus
from lrcn_seq.metrics.statistics.subsequences import common_subsequences
from lrcn_seq.records import PositiveNumber
from lrcn_seq.registry import metrics


@metrics.register
class RougeL(Metric):
    """Mean over sentences of the F-measure of the longest common subsequence.

    Args:
        maximum: how references are combined. `separate` uses the best precision and the best
            recall, possibly of different references, as in the COCO code; `joint` uses the best
            F-measure, as published.
        beta: weight of recall relative to precision.
    """

    names = ("rouge_l",)

    def __init__(
        self, maximum: Literal["separate", "joint"] = "separate", *, beta: PositiveNumber = 1.2
    ) -> None:
        self.maximum, self.beta = maximum, beta

    def statistics(self, corpus: Corpus) -> FloatArray:
        """Return (I, 2) the F-measure of each hypothesis and the constant 1."""
        texts = corpus.texts_by_space
        image = texts.image[~texts.hypothesis]
        common = common_subsequences(texts)
        precision = common / np.maximum(texts.lengths[texts.hypothesis][image], 1)
        recall = common / np.maximum(texts.lengths[~texts.hypothesis], 1)
        first = np.cumsum(corpus.reference_counts) - corpus.reference_counts
        if self.maximum == "joint":
            value = np.maximum.reduceat(self._f_measure(precision, recall), first)
        else:
            value = self._f_measure(
                np.maximum.reduceat(precision, first), np.maximum.reduceat(recall, first)
            )
        return np.stack([value, np.ones_like(value)], axis=1)

    def aggregate(self, totals: FloatArray) -> FloatArray:
        return totals[..., :1] / totals[..., 1:]

    def signature(self, corpus: Corpus) -> str:
        return (
            f"rouge_l|beta:{self.beta:g}|maximum:{self.maximum}|tokenize:{corpus.tokenize}"
            f"|refs:{corpus.reference_range()}|n:{len(corpus)}"
        )

    def _f_measure(self, precision: FloatArray, recall: FloatArray) -> FloatArray:
        weight = self.beta**2
        numerator = (1 + weight) * precision * recall
        return np.divide(
            numerator,
            recall + weight * precision,
            out=np.zeros_like(numerator),
            where=numerator != 0,
        )
