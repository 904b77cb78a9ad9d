"""CIDEr-D of sentences of ids, many at a time: the reward of self-critical training.

Rennie et al., "Self-critical Sequence Training for Image Captioning", CVPR 2017, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics._frequencies import DocumentFrequencies, collect
from lrcn_seq.metrics._ngrams import Texts, ngram_counts
from lrcn_seq.metrics.cider import Cider
from lrcn_seq.records import SPECIAL


class CiderReward:
    """CIDEr-D against the references of a training set, as ids of the model's tokenizer.

    Arguments:
        references: for each image, by its number, its reference sentences as ids, without start and end.
        frequencies: stored ones, of words; None takes them from these references.
        words: the word of each id, for stored frequencies.
        with_end: whether the end counts as a word, in references and sentences alike: without it a sentence that breaks off costs nothing.
    """

    def __init__(
        self,
        references: Sequence[Sequence[Sequence[int]]],
        *,
        frequencies: DocumentFrequencies | None = None,
        words: Sequence[str] | None = None,
        with_end: bool = False,
    ):
        if isinstance(references, Mapping):
            raise ArgumentError(
                "references: expected a list, the sentences of image 0 first. Received: a mapping; images are told by their numbers."
            )
        if not references or not all(len(group) for group in references):
            raise ArgumentError(
                "references: expected at least one sentence for each image. Received: an image without, or no image."
            )
        if (frequencies is None) != (words is None):
            raise ArgumentError(
                "CiderReward: expected `words` with `frequencies`, and only then. Received: one of them."
            )
        self.with_end = with_end
        end = [SPECIAL.end] if with_end else []
        groups = [[[*sentence, *end] for sentence in group] for group in references]
        self._cider = Cider()
        self._cider.frequencies = collect(groups) if frequencies is None else frequencies
        self._words = None if frequencies is None else frequencies.renumbered(words)
        self._lengths = [np.fromiter(map(len, group), np.int64, len(group)) for group in groups]
        self._ids = [np.fromiter(chain.from_iterable(group), np.int64) for group in groups]

    def __call__(self, sentences: np.ndarray, images: Sequence[int]) -> np.ndarray:
        """(B,) the reward of sentences (B, L) of ids, which end at the first end or pad, for images (B,)."""
        try:
            sentences = np.asarray(sentences)
        except ValueError:
            raise ArgumentError(
                "CiderReward: expected sentences (B, L), shorter ones padded with 0. Received: sentences of several lengths."
            ) from None
        if sentences.ndim != 2 or len(sentences) != len(images):
            raise ArgumentError(
                f"CiderReward: expected sentences (B, L) and images (B,). Received: sentences {sentences.shape}, images ({len(images)},)."
            )
        stop = (sentences == SPECIAL.end) | (sentences == SPECIAL.pad)
        lengths = np.where(stop.any(axis=1), stop.argmax(axis=1), sentences.shape[1])
        if self.with_end:
            lengths = lengths + (
                (sentences == SPECIAL.end) & (np.arange(sentences.shape[1]) == lengths[:, None])
            ).any(axis=1)
        texts = self._texts(sentences, lengths, images)
        words = self._words
        if words is not None:
            # An id beyond the given words is one that no stored reference has.
            words = np.concatenate(
                [words, np.full(max(int(texts.words.max(initial=0)) + 1 - len(words), 0), -1)]
            )
        return self._cider.scores(texts, list(ngram_counts(texts, self._cider.order)), words=words)

    def _texts(self, sentences: np.ndarray, lengths: np.ndarray, images: Sequence[int]) -> Texts:
        ids = list(
            chain.from_iterable(
                (row[:length], self._ids[image])
                for row, length, image in zip(sentences, lengths, images, strict=True)
            )
        )
        counts = np.array([len(self._lengths[image]) for image in images])
        all_lengths = np.concatenate(
            list(
                chain.from_iterable(
                    (lengths[row : row + 1], self._lengths[image])
                    for row, image in enumerate(images)
                )
            )
            or [lengths]
        )
        hypothesis = np.zeros(len(all_lengths), bool)
        hypothesis[np.cumsum(counts + 1) - counts - 1] = True
        return Texts(
            np.concatenate(ids or [np.zeros(0)]).astype(np.int64),
            all_lengths,
            np.repeat(np.arange(len(images)), counts + 1),
            hypothesis,
        )
