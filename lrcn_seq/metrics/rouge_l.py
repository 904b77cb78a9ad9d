"""ROUGE-L: the longest common subsequence as an F-measure.

Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004, section 3.1, with the COCO evaluation code's beta of 1.2.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from lrcn_seq.metrics._corpus import Corpus
from lrcn_seq.metrics._subsequence import common_subsequences
from lrcn_seq.metrics.base import Metric
from lrcn_seq.records import PositiveNumber
from lrcn_seq.registry import metrics


@metrics.register
class RougeL(Metric):
    """Mean F-measure of the longest common subsequence.

    Arguments:
        maximum: `separate` takes the best precision and the best recall, even from different references, as the COCO code does;
            `joint` takes the reference of the best F-measure, which is the published definition.
        beta: weight of recall.
    """

    names = ("rouge_l",)

    def __init__(
        self, maximum: Literal["separate", "joint"] = "separate", *, beta: PositiveNumber = 1.2
    ):
        self.maximum, self.beta = maximum, beta

    def statistics(self, corpus: Corpus) -> np.ndarray:
        """Columns: F-measure, 1."""
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

    def aggregate(self, totals: np.ndarray) -> np.ndarray:
        return totals[..., :1] / totals[..., 1:]

    def signature(self, corpus: Corpus) -> str:
        return f"rouge_l|beta:{self.beta:g}|maximum:{self.maximum}|tokenize:{corpus.tokenize}|refs:{corpus.references_in_words()}|n:{len(corpus)}"

    def _f_measure(self, precision: np.ndarray, recall: np.ndarray) -> np.ndarray:
        weight = self.beta**2
        both = (1 + weight) * precision * recall
        return np.divide(
            both, recall + weight * precision, out=np.zeros_like(both), where=both != 0
        )
