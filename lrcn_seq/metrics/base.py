"""The contract of a metric: additive statistics per segment, and their aggregate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from lrcn_seq.metrics._corpus import Corpus


@dataclass(frozen=True, eq=False)
class Score:
    """What a metric says of a corpus, and how it was made.

    `names` and `values` have one entry a number (BLEU has four); `table` (I, M) holds the same per sentence, rows as `ids`.
    """

    names: tuple[str, ...]
    values: tuple[float, ...]
    signature: str
    ids: tuple[str, ...]
    table: np.ndarray

    @property
    def value(self) -> float:
        """The last number, which is the usual one (BLEU-4)."""
        return self.values[-1]

    @property
    def sentences(self) -> dict[str, dict[str, float]]:
        """`{id: {name: value}}`."""
        return {
            name: dict(zip(self.names, row, strict=True))
            for name, row in zip(self.ids, self.table.tolist(), strict=True)
        }

    def __str__(self) -> str:
        numbers = " ".join(
            f"{name}={value:.4f}" for name, value in zip(self.names, self.values, strict=True)
        )
        return f"{numbers} ({self.signature})"


class Metric(ABC):
    """A score of sentences against references.

    Everything comes from one array of statistics (I, K), a row a segment, whose sums say all about a set of segments:
    the score of the corpus, of each sentence, and of every resample of a bootstrap.
    """

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The M names of the values, e.g. `("rouge_l",)`."""

    @abstractmethod
    def statistics(self, corpus: Corpus) -> np.ndarray:
        """(I, K) float64, additive over segments."""

    @abstractmethod
    def aggregate(self, totals: np.ndarray) -> np.ndarray:
        """Sums of statistics (..., K) to values (..., M)."""

    @abstractmethod
    def signature(self, corpus: Corpus) -> str:
        """One line that says how the number was made."""

    def totals(self, statistics: np.ndarray) -> np.ndarray:
        """The sums (K,) of the whole corpus."""
        return statistics.sum(axis=0)

    def score(self, corpus: Corpus) -> Score:
        """The score of a corpus and of each of its sentences."""
        statistics = self.statistics(corpus)
        values = tuple(self.aggregate(self.totals(statistics)).tolist())
        return Score(
            self.names, values, self.signature(corpus), corpus.ids, self.aggregate(statistics)
        )
