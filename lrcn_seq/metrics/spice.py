"""A placeholder for SPICE, whose error states why it is missing and names an alternative.

Anderson et al., "SPICE: Semantic Propositional Image Caption Evaluation", ECCV 2016.
"""

from __future__ import annotations

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.base import Metric
from lrcn_seq.metrics.statistics.array_types import FloatArray
from lrcn_seq.metrics.statistics.segments import Corpus
from lrcn_seq.registry import metrics


@metrics.register
class Spice(Metric):
    """Not implemented: SPICE needs the Stanford parser, several hundred megabytes of Java code.

    Use `pycocoevalcap.spice.spice.Spice`, which needs Java 8 and a download.
    """

    names = ("spice",)

    def __init__(self) -> None:
        raise ArgumentError(
            "spice is left out: it needs the Stanford parser and its models, which exist only as "
            "Java programs. Received: spice; use pycocoevalcap's "
            "`pycocoevalcap.spice.spice.Spice` with Java 8 instead."
        )

    def statistics(self, corpus: Corpus) -> FloatArray:
        raise NotImplementedError

    def aggregate(self, totals: FloatArray) -> FloatArray:
        raise NotImplementedError

    def signature(self, corpus: Corpus) -> str:
        raise NotImplementedError
