"""CIDEr-D of each sentence with each other sentence as its only reference."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, product

import numpy as np

from lrcn_seq.metrics.cider import Cider
from lrcn_seq.metrics.statistics.array_types import FloatArray, IntArray
from lrcn_seq.metrics.statistics.document_frequencies import DocumentFrequencies, count_documents
from lrcn_seq.metrics.statistics.ngram_counts import Texts, ngram_counts


def pairwise_cider(
    sentences: Sequence[Sequence[int]],
    *,
    frequencies: DocumentFrequencies | None = None,
    word_ids: IntArray | None = None,
) -> FloatArray:
    """Return (K, K) the CIDEr-D of each sentence (row) with each sentence as reference (column).

    Args:
        sentences: K sentences as word ids.
        frequencies: document frequencies of n-grams; None to count each sentence as a document, so
            that n-grams that occur in all sentences have no weight.
        word_ids: (W,) map from word ids to those of the frequencies; None if they are equal.
    """
    K, lengths = len(sentences), [len(sentence) for sentence in sentences]
    pairs = list(chain.from_iterable(product(range(K), repeat=2)))
    texts = Texts(
        np.fromiter(chain.from_iterable(sentences[number] for number in pairs), np.int64),
        np.array([lengths[number] for number in pairs], np.int64),
        np.repeat(np.arange(K * K), 2),
        np.tile([True, False], K * K),
    )
    cider = Cider()
    cider.frequencies = frequencies or count_documents([[sentence] for sentence in sentences])
    scores = cider.scores(texts, list(ngram_counts(texts, cider.order)), word_ids=word_ids)
    return scores.reshape(K, K)
