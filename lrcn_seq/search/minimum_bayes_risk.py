"""Minimum Bayes risk: the sentence that is most similar to all sentences of another search.

Kumar and Byrne, "Minimum Bayes-Risk Decoding for Statistical Machine Translation", NAACL 2004. The
gain of a sentence is its mean CIDEr-D with the other sentences of its row as references.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from lrcn_seq.metrics.scoring.pairwise_cider import pairwise_cider
from lrcn_seq.metrics.statistics.array_types import FloatArray, IntArray
from lrcn_seq.metrics.statistics.document_frequencies import DocumentFrequencies, load_frequencies
from lrcn_seq.records import SPECIAL, Hypotheses, Special
from lrcn_seq.registry import searches
from lrcn_seq.search.base import Search, Seed, Step, Tree, sort_hypotheses


@searches.register
class MinimumBayesRisk(Search):
    """A search that ranks the sentences of another search by their CIDEr with each other.

    The score of a sentence is its expected CIDEr-D, the mean over the other sentences of its row.
    Sentences with equal scores keep their order. The ranking is not part of the compiled model, so
    that this search cannot be exported.

    Args:
        search: the search whose sentences are ranked, `{type: NAME, ...}`.
        weights: the weights of the other sentences: `uniform`, as for sampled sentences, or
            `probability`, their probabilities.
        frequencies: a file of document frequencies, written by `lrcn score --save-frequencies`.
            None to count each sentence of the row as a document, so that n-grams that occur in all
            of them have no weight.
    """

    reranks = True

    def __init__(
        self,
        *,
        search: Mapping[str, Any] = {"type": "beam", "beams": 10},
        weights: Literal["uniform", "probability"] = "uniform",
        frequencies: str | None = None,
    ):
        self.search: Search = searches.build(dict(search), place="search.search")
        self.per_row_seeds = self.search.per_row_seeds  # type: ignore[misc]  # of the other search
        self.weights = weights
        self.frequencies: DocumentFrequencies | None = None
        self.word_ids: IntArray | None = None
        if frequencies is not None:
            self.frequencies = load_frequencies(frequencies)

    def encode_texts(self, encode: Callable[[str], Sequence[int]]) -> None:
        """Convert the texts of the other search, and the words of the frequencies; see `Search`."""
        self.search.encode_texts(encode)
        if self.frequencies is not None:
            self.word_ids = frequency_ids(self.frequencies.words, encode)

    def __call__(
        self,
        step: Step,
        state: Tree,
        memory: Tree,
        *,
        special: Special,
        limit: int,
        seed: Seed = 0,
    ) -> Hypotheses:
        """Return the hypotheses of the other search; see `Search`."""
        self.search.strict = self.strict
        return self.search(step, state, memory, special=special, limit=limit, seed=seed)

    def rerank(self, hypotheses: Hypotheses) -> Hypotheses:
        """Return hypotheses sorted by their expected CIDEr-D; see `Search`."""
        scores = np.stack([self._gains(*row) for row in zip(*hypotheses, strict=True)])
        return sort_hypotheses(hypotheses, scores)

    def _gains(
        self, words: IntArray, scores: FloatArray, lengths: IntArray, log_probabilities: FloatArray
    ) -> FloatArray:
        """Return the expected CIDEr-D (K,) of each hypothesis of a row; −inf for missing ones."""
        found = np.flatnonzero(np.isfinite(scores))
        gains = np.full(len(scores), -math.inf)
        if not len(found):
            return gains
        sentences = [words[row, : lengths[row]].tolist() for row in found]
        sentences = [
            sentence[: -1 if sentence[-1] == SPECIAL.end else None] for sentence in sentences
        ]
        similarity = self._similarity(sentences)
        np.fill_diagonal(similarity, 0.0)
        weights = np.ones(len(found))
        if self.weights == "probability":
            weights = np.exp(log_probabilities[found] - log_probabilities[found].max())
        others = weights.sum() - weights
        gains[found] = similarity @ weights / np.maximum(others, np.finfo(float).tiny)
        return gains

    def _similarity(self, sentences: list[list[int]]) -> FloatArray:
        """Return the CIDEr-D (K, K) of each sentence with each other sentence."""
        word_ids = self.word_ids
        if word_ids is not None:
            largest = max((word for sentence in sentences for word in sentence), default=0)
            word_ids = np.pad(
                word_ids, (0, max(0, largest + 1 - len(word_ids))), constant_values=-1
            )
        return pairwise_cider(sentences, frequencies=self.frequencies, word_ids=word_ids)


def frequency_ids(words: Sequence[str], encode: Callable[[str], Sequence[int]]) -> IntArray:
    """Return the position among words of each id of a vocabulary, −1 for other ids.

    Args:
        words: the words of document frequencies. Words of several ids have no position.
        encode: returns the ids of a text.
    """
    encoded = {tuple(encode(word)): number for number, word in reversed([*enumerate(words)])}
    single = {ids[0]: number for ids, number in encoded.items() if len(ids) == 1}
    single.pop(SPECIAL.unknown, None)
    positions = np.full(max(single, default=0) + 1, -1)
    positions[list(single)] = list(single.values())
    return positions
