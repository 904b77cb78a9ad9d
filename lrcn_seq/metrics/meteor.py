"""METEOR 1.5: harmonic mean of aligned precision and recall, less fragmentation.

Denkowski and Lavie, "Meteor Universal: Language Specific Translation Evaluation for Any Target Language", WMT 2014, section 2.
"""

from __future__ import annotations

import numpy as np

from lrcn_seq.errors import MissingPackageError
from lrcn_seq.metrics._corpus import Corpus
from lrcn_seq.metrics.base import Metric
from lrcn_seq.registry import metrics


@metrics.register
class Meteor(Metric):
    """METEOR with the English parameters."""

    names = ("meteor",)

    def statistics(self, corpus: Corpus) -> np.ndarray:
        raise MissingPackageError("pycocoevalcap", "meteor", "METEOR")

    def aggregate(self, totals: np.ndarray) -> np.ndarray:
        return totals[..., :1]

    def signature(self, corpus: Corpus) -> str:
        return "meteor"
