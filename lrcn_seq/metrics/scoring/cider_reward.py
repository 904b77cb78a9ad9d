"""CIDEr-D for batches of token ids, as the reward of self-critical training.

Rennie et al., "Self-critical Sequence Training for Image Captioning", CVPR 2017, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.cider import Cider
from lrcn_seq.metrics.statistics.array_types import FloatArray, IntArray, NumberArray
from lrcn_seq.metrics.statistics.document_frequencies import DocumentFrequencies, count_documents
from lrcn_seq.metrics.statistics.ngram_counts import Texts, ngram_counts
from lrcn_seq.records import SPECIAL


class CiderReward:
    """CIDEr-D against the references of a training set, as token ids.

    Args:
        references: the references of each image as token ids, without start and end tokens.
        frequencies: stored document frequencies of words; None to count them in `references`.
        words: the word of each token id, required with `frequencies`.
        with_end: whether to count the end token as a word, in references and sentences. Otherwise
            an incomplete sentence is not penalized.
    """

    def __init__(
        self,
        references: Sequence[Sequence[Sequence[int]]],
        *,
        frequencies: DocumentFrequencies | None = None,
        words: Sequence[str] | None = None,
        with_end: bool = False,
    ) -> None:
        if isinstance(references, Mapping):
            raise ArgumentError(
                "references: expected a list, the sentences of image 0 first. "
                "Received: a mapping; images are identified by their position."
            )
        if not references or not all(len(group) for group in references):
            raise ArgumentError(
                "references: expected at least one sentence for each image. "
                "Received: an image without references, or no image."
            )
        self.with_end = with_end
        end = [SPECIAL.end] if with_end else []
        groups = [[[*sentence, *end] for sentence in group] for group in references]
        self._lengths = [np.fromiter(map(len, group), np.int64, len(group)) for group in groups]
        self._ids = [np.fromiter(chain.from_iterable(group), np.int64) for group in groups]
        self._cider = Cider()
        self._word_ids: IntArray | None = None
        if frequencies is not None and words is not None:
            self._cider.frequencies = frequencies
            self._word_ids = frequencies.word_ids(words)
        elif frequencies is None and words is None:
            self._cider.frequencies = count_documents(groups)
        else:
            raise ArgumentError(
                "CiderReward: expected `words` together with `frequencies`. "
                "Received: one of them; pass both or neither."
            )

    def __call__(self, sentences: NumberArray, images: Sequence[int]) -> FloatArray:
        """Return (B,) the reward of each sentence.

        Args:
            sentences: (B, L) token ids; a sentence ends at the first end or padding token.
            images: (B,) index of the image of each sentence.
        """
        try:
            sentences = np.asarray(sentences)
        except ValueError:
            raise ArgumentError(
                "CiderReward: expected sentences (B, L), shorter ones padded with 0. "
                "Received: sentences of several lengths."
            ) from None
        if sentences.ndim != 2 or len(sentences) != len(images):
            raise ArgumentError(
                "CiderReward: expected sentences (B, L) and images (B,). "
                f"Received: sentences {sentences.shape}, images ({len(images)},)."
            )
        texts = self._texts(sentences, sentence_lengths(sentences, with_end=self.with_end), images)
        word_ids = self._word_ids
        if word_ids is not None:
            # Token ids beyond `words` are unknown to the stored frequencies.
            uncovered = int(texts.words.max(initial=0)) + 1 - len(word_ids)
            word_ids = np.concatenate([word_ids, np.full(max(uncovered, 0), -1)])
        ngrams = list(ngram_counts(texts, self._cider.order))
        return self._cider.scores(texts, ngrams, word_ids=word_ids)

    def _texts(self, sentences: NumberArray, lengths: IntArray, images: Sequence[int]) -> Texts:
        """Combine each sentence with the references of its image."""
        ids: list[NumberArray] = [np.zeros(0, np.int64)]
        text_lengths: list[IntArray] = [np.zeros(0, np.int64)]
        for row, image in enumerate(images):
            ids += [sentences[row, : lengths[row]], self._ids[image]]
            text_lengths += [lengths[row : row + 1], self._lengths[image]]
        counts = np.array([1 + len(self._lengths[image]) for image in images], np.int64)
        hypothesis = np.zeros(int(counts.sum()), bool)
        hypothesis[np.cumsum(counts) - counts] = True
        return Texts(
            np.concatenate(ids).astype(np.int64),
            np.concatenate(text_lengths),
            np.repeat(np.arange(len(images)), counts),
            hypothesis,
        )


def sentence_lengths(sentences: NumberArray, *, with_end: bool) -> IntArray:
    """Return (B,) the number of words of each sentence.

    Args:
        sentences: (B, L) token ids; a sentence ends at the first end or padding token.
        with_end: whether to count the end token.
    """
    is_end = sentences == SPECIAL.end
    stop = is_end | (sentences == SPECIAL.pad)
    width = sentences.shape[1]
    lengths: IntArray = np.where(stop.any(axis=1), stop.argmax(axis=1), width)
    if with_end:
        lengths += (is_end & (np.arange(width) == lengths[:, None])).any(axis=1)
    return lengths
