"""The interface of a metric: additive statistics per segment, and their aggregate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np

from lrcn_seq.metrics.statistics.array_types import FloatArray
from lrcn_seq.metrics.statistics.segments import Corpus


@dataclass(frozen=True, eq=False)
class Score:
    """The values of a metric for a corpus and its sentences.

    Attributes:
        names: (M,) names of the values; BLEU has four, for example.
        values: (M,) values of the corpus.
        signature: one line that states how the values were computed.
        ids: (I,) ids of the images.
        table: (I, M) values of each sentence.
    """

    names: tuple[str, ...]
    values: tuple[float, ...]
    signature: str
    ids: tuple[str, ...]
    table: FloatArray

    @property
    def value(self) -> float:
        """The last value, which is usually the reported one (BLEU-4)."""
        return self.values[-1]

    @property
    def sentences(self) -> dict[str, dict[str, float]]:
        """The values of each sentence, `{id: {name: value}}`."""
        return {
            name: dict(zip(self.names, row, strict=True))
            for name, row in zip(self.ids, self.table.tolist(), strict=True)
        }

    def __str__(self) -> str:
        numbers = " ".join(
            f"{name}={value:.4f}" for name, value in zip(self.names, self.values, strict=True)
        )
        return f"{numbers} ({self.signature})"

    def _repr_html_(self) -> str:
        return values_html(dict(zip(self.names, self.values, strict=True)))


def values_html(values: Mapping[str, float]) -> str:
    """Return values as an HTML table, for a notebook."""
    rows = (
        f"<tr><td>{escape(name)}</td><td>{value:.4f}</td></tr>" for name, value in values.items()
    )
    return f"<table>{''.join(rows)}</table>"


class Metric(ABC):
    """A score of hypotheses against references.

    A metric computes an array of statistics (I, K) with a row per segment. Their sum over any set
    of segments determines the score of the set: the corpus, a sentence, or a bootstrap sample.
    """

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The names (M,) of the values, e.g. `("rouge_l",)`."""

    @abstractmethod
    def statistics(self, corpus: Corpus) -> FloatArray:
        """Return the additive statistics (I, K) of the segments."""

    @abstractmethod
    def aggregate(self, totals: FloatArray) -> FloatArray:
        """Convert sums of statistics (..., K) to values (..., M)."""

    @abstractmethod
    def signature(self, corpus: Corpus) -> str:
        """Return one line that states how the values were computed."""

    def totals(self, statistics: FloatArray) -> FloatArray:
        """Return the sums (K,) of the statistics over the whole corpus."""
        return np.asarray(statistics.sum(axis=0))

    def score(self, corpus: Corpus) -> Score:
        """Return the score of a corpus and of each of its sentences."""
        statistics = self.statistics(corpus)
        values = tuple(self.aggregate(self.totals(statistics)).tolist())
        return Score(
            self.names, values, self.signature(corpus), corpus.ids, self.aggregate(statistics)
        )
