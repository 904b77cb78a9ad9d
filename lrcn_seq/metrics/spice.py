"""SPICE is left out, and says why.

Anderson et al., "SPICE: Semantic Propositional Image Caption Evaluation", ECCV 2016.
"""

from __future__ import annotations

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics._corpus import Corpus
from lrcn_seq.metrics.base import Metric
from lrcn_seq.registry import metrics


@metrics.register
class Spice(Metric):
    """Left out: SPICE parses sentences with the Stanford parser and its models, which exist only as Java programs of several hundred megabytes.

    To get it, score with pycocoevalcap's `pycocoevalcap.spice.spice.Spice` (it needs Java 8 and a download).
    """

    names = ("spice",)

    def __init__(self):
        raise ArgumentError(
            "spice is left out: it needs the Stanford parser and its models, which exist only as Java programs. "
            "Received: spice; use pycocoevalcap's `pycocoevalcap.spice.spice.Spice` with Java 8 for it."
        )

    def statistics(self, corpus: Corpus) -> np.ndarray:
        raise NotImplementedError

    def aggregate(self, totals: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def signature(self, corpus: Corpus) -> str:
        raise NotImplementedError
