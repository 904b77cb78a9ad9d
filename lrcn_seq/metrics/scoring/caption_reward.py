"""Scores of sampled captions, as the reward of self-critical training.

Rennie et al., "Self-critical Sequence Training for Image Captioning", CVPR 2017, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from lrcn_seq.errors import ArgumentError, did_you_mean
from lrcn_seq.metrics.base import Metric
from lrcn_seq.metrics.cider import Cider
from lrcn_seq.metrics.scoring.cider_reward import sentence_lengths
from lrcn_seq.metrics.statistics.array_types import FloatArray, IntArray, NumberArray
from lrcn_seq.metrics.statistics.document_frequencies import count_documents
from lrcn_seq.metrics.statistics.ngram_counts import Texts
from lrcn_seq.metrics.statistics.segments import Corpus
from lrcn_seq.records import SPECIAL
from lrcn_seq.registry import metrics

SPECS: dict[str, dict[str, object]] = {
    **{f"bleu_{order}": {"type": "bleu", "order": order} for order in range(1, 5)},
    "cider": {"type": "cider"},
    "meteor": {"type": "meteor", "stages": "exact_stem"},
    "rouge_l": {"type": "rouge_l"},
}
"""The metric of each score. METEOR matches equal words and stems only, which needs no tables."""


class CaptionReward:
    """A weighted sum of the scores of captions, given as token ids.

    The end word counts as a word, in captions and references, so that an incomplete caption has a
    lower score.

    Args:
        scores: weights of the scores, by name; see `SPECS`.
        captions: the captions of each training image as token ids, without start and end words.
            The document frequencies of CIDEr are counted in them.
        words: (V,) the word of each token id.
        word_reward: reward for each word of a caption, without the end word.
        bad_endings: words with which a caption should not end.
        ending_penalty: what is subtracted from the reward of a caption with a bad ending.

    Raises:
        ArgumentError: a score is unknown, or there is none.
    """

    def __init__(
        self,
        scores: Mapping[str, float],
        captions: Sequence[Sequence[Sequence[int]]],
        words: Sequence[str],
        *,
        word_reward: float = 0.0,
        bad_endings: Iterable[str] = (),
        ending_penalty: float = 0.0,
    ) -> None:
        self.words = list(words)
        self.metrics = [(reward_metric(name), weight) for name, weight in scores.items()]
        ended = [[[*caption, SPECIAL.end] for caption in group] for group in captions]
        frequencies = count_documents(ended, words=self.words)
        for metric, _ in self.metrics:
            if isinstance(metric, Cider):
                metric.frequencies = frequencies
        self.word_reward, self.ending_penalty = word_reward, ending_penalty
        self.bad_endings = np.isin(self.words, list(bad_endings))

    def __call__(
        self,
        captions: NumberArray,
        images: NumberArray,
        references: NumberArray,
        reference_images: NumberArray,
    ) -> FloatArray:
        """Return the reward of each caption, (B,).

        Args:
            captions: (B, L) token ids without the start word, padded with 0.
            images: (B,) image of each caption, from 0.
            references: (R, M) token ids without the start word; a row without words is left out.
            reference_images: (R,) image of each reference, in ascending order. Every image has at
                least one reference.
        """
        texts = interleave(captions, images, references, reference_images)
        corpus = TokenCorpus(texts, self.words)
        scores = [
            weight * metric.aggregate(metric.statistics(corpus))[:, -1]
            for metric, weight in self.metrics
        ]
        reward: FloatArray = np.sum([self._terms(captions), *scores], axis=0)
        return reward

    def _terms(self, captions: NumberArray) -> FloatArray:
        """Return the rewards (B,) that do not depend on the references."""
        words = sentence_lengths(captions, with_end=False)
        ending = captions[np.arange(len(captions)), np.maximum(words - 1, 0)]
        penalty = self.ending_penalty * self.bad_endings[ending]
        terms: FloatArray = self.word_reward * words - penalty
        return terms


def reward_metric(name: str) -> Metric:
    """Return the metric of a score; raise ArgumentError if it is unknown."""
    if name not in SPECS:
        raise ArgumentError(
            f"reward: expected scores among {', '.join(SPECS)}. Received: {name!r}."
            f"{did_you_mean(name, SPECS)}"
        )
    metric: Metric = metrics.build({**SPECS[name]}, place="reward")
    return metric


def interleave(
    captions: NumberArray,
    images: NumberArray,
    references: NumberArray,
    reference_images: NumberArray,
) -> Texts:
    """Return the texts of segments that consist of a caption and the references of its image.

    Args:
        captions: (B, L) token ids, padded with 0.
        images: (B,) image of each caption.
        references: (R, M) token ids, padded with 0.
        reference_images: (R,) image of each reference, in ascending order.
    """
    is_text = references[:, 0] != SPECIAL.pad
    references, reference_images = references[is_text], reference_images[is_text]
    width = max(captions.shape[1], references.shape[1])
    table = np.zeros((len(captions) + len(references), width), np.int64)
    table[: len(captions), : captions.shape[1]] = captions
    table[len(captions) :, : references.shape[1]] = references
    counts = np.bincount(reference_images, minlength=int(images.max(initial=-1)) + 1)
    first = np.cumsum(counts) - counts
    sizes = counts[images] + 1
    segment = np.repeat(np.arange(len(captions)), sizes)
    position = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    is_caption = position == 0
    reference = len(captions) + first[images[segment]] + position - 1
    rows = np.where(is_caption, segment, reference)
    lengths = sentence_lengths(table, with_end=True)[rows]
    words = table[rows][np.arange(width) < lengths[:, None]]
    return Texts(words, lengths, segment, is_caption)


class TokenCorpus(Corpus):
    """A corpus of token ids, whose words are joined to texts only for metrics that need them.

    Args:
        texts: captions and references.
        words: (V,) the word of each token id.
    """

    def __init__(self, texts: Texts, words: Sequence[str]) -> None:
        self._texts, self._words = texts, list(words)
        self._counts = []
        self.tokenize = "none"
        self.ids = tuple(map(str, range(int(texts.hypothesis.sum()))))

    @property
    def texts(self) -> Texts:
        """The texts as token ids."""
        return self._texts

    @property
    def texts_by_space(self) -> Texts:  # type: ignore[override]  # cached in the base class
        """The texts as token ids."""
        return self._texts

    @property
    def vocabulary(self) -> list[str]:
        """(V,) the word of each token id."""
        return self._words

    @cached_property
    def reference_counts(self) -> IntArray:
        """(I,) number of references of each image."""
        return np.bincount(self._texts.image) - 1

    def in_order(self) -> list[str]:
        """Return all texts by image: the caption, then its references."""
        ends = np.cumsum(self._texts.lengths)
        parts = np.split(self._texts.words, ends[:-1])
        return [" ".join(self._words[word] for word in part.tolist()) for part in parts]
