"""The probability that a caption is good, and the words that its image does not support.

The confidence is a logistic regression on two features of a caption: its mean log probability per
word, and the mean support of its words by the image. The support of a word is the difference of its
log probabilities with the image and with the mean features of training images in its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from keras import ops

from lrcn_seq.evaluation import GoodCaptions, sentence_ciders
from lrcn_seq.metrics import PlattScaling, fit_platt
from lrcn_seq.progress import progress_bar
from lrcn_seq.records import Caption, CaptionWord, Clips, Sample
from lrcn_seq.tasks._sample_reader import SampleReader
from lrcn_seq.tasks._word_probabilities import TokenProbabilities, token_probabilities

if TYPE_CHECKING:
    from lrcn_seq.tasks._caption_task import CaptionTask

FEWEST_SAMPLES = 20
"""Number of dev samples below which no confidence is fitted."""
MEAN_SAMPLES = 500
"""Largest number of training samples whose features are averaged."""
SUPPORT = 0.5
"""Support in nats above which the image supports a word, and above which the mean support of a word
in dev captions shows that images usually do."""


class CaptionConfidence(NamedTuple):
    """What a run has learned about the reliability of its captions.

    Attributes:
        good: the definition of a good caption, or the reason why there is no confidence.
        scaling: the logistic regression; None without confidence.
        mean_features: (D,) mean of the encoded features of training samples.
        usual_support: the mean support of each word in the captions of dev.
    """

    good: GoodCaptions
    scaling: PlattScaling | None
    mean_features: np.ndarray
    usual_support: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Return the content of `confidence.json`."""
        return {
            "good": self.good._asdict(),
            "scaling": self.scaling and self.scaling._asdict(),
            "mean_features": self.mean_features.tolist(),
            "usual_support": dict(self.usual_support),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the confidence with the content of `confidence.json`."""
        scaling = values["scaling"]
        return cls(
            GoodCaptions(**values["good"]),
            None if scaling is None else PlattScaling.from_dict(scaling),
            np.asarray(values["mean_features"], np.float64),
            {str(word): float(support) for word, support in values["usual_support"].items()},
        )

    def assess(
        self,
        task: CaptionTask,
        clips: Clips,
        captions: Sequence[tuple[Caption, ...]],
        *,
        words: bool,
    ) -> list[tuple[Caption, ...]]:
        """Return captions with their confidence.

        Args:
            task: the task that wrote the captions.
            clips: the clips, or their features.
            captions: the captions of each clip.
            words: whether to add the support of the words.
        """
        texts = [[caption.text for caption in row] for row in captions]
        if not any(texts):
            return list(captions)
        probabilities = token_probabilities(
            task, clips, texts, self.mean_features, with_image=words
        )
        return [
            tuple(
                caption._replace(
                    confidence=self.confidence(caption, tokens),
                    words=self.words(task.tokenizer, tokens) if words else None,
                )
                for caption, tokens in zip(*rows, strict=True)
            )
            for rows in zip(captions, probabilities, strict=True)
        ]

    def confidence(self, caption: Caption, tokens: TokenProbabilities) -> float | None:
        """Return the probability that a caption is good; None without confidence.

        A caption of probability 0, with words that the search was forced to write, has none.
        """
        if self.scaling is None or not np.isfinite(caption.log_probability):
            return None
        return float(self.scaling.probabilities(caption_features([caption], [tokens]))[0])

    def words(self, tokenizer: Any, tokens: TokenProbabilities) -> tuple[CaptionWord, ...]:
        """Return the words of a caption with their support.

        A word is not supported if its support is below `SUPPORT`, although its mean support in the
        captions of dev is above. Words that dev captions do not contain count as usually supported.
        """
        return tuple(
            word._replace(
                supported=word.support >= SUPPORT
                or self.usual_support.get(word.word, SUPPORT) < SUPPORT
            )
            for word in caption_words(tokenizer, tokens)
        )


def caption_features(
    captions: Sequence[Caption], tokens: Sequence[TokenProbabilities]
) -> np.ndarray:
    """Return for each caption its mean log probability and its mean support per token, (M, 2).

    The log probability with the image is that which the search has found.
    """
    lengths = np.array([len(one.without_image) for one in tokens])
    present = np.array([caption.log_probability for caption in captions])
    absent = np.array([one.without_image.sum() for one in tokens])
    return np.column_stack([present / lengths, (present - absent) / lengths])


def caption_words(tokenizer: Any, tokens: TokenProbabilities) -> Iterator[CaptionWord]:
    """Yield the words of a caption with the sums of the log probabilities of their tokens."""
    words = tokenizer.decode(tokens.ids).split()
    if not words or tokens.with_image is None:
        return
    index = np.arange(len(words))
    if len(words) != len(tokens.ids):
        prefixes = (tokens.ids[: end + 1] for end in range(len(tokens.ids)))
        counts = [len(tokenizer.decode(prefix).split()) for prefix in prefixes]
        index = np.clip(np.maximum.accumulate(counts) - 1, 0, len(words) - 1)
    sums = (
        np.bincount(index, values[:-1], len(words)).tolist()
        for values in (tokens.with_image, tokens.without_image)
    )
    yield from map(CaptionWord, words, *sums)


def fit_caption_confidence(
    task: CaptionTask, reader: SampleReader, dev: Sequence[Sample], training: Sequence[Sample]
) -> CaptionConfidence:
    """Fit the confidence of a task to its captions of dev.

    Args:
        task: the trained task.
        reader: reads the clips of samples.
        dev: the samples of dev.
        training: the training samples, for the mean features.
    """
    mean = mean_features(task, reader, training)
    samples, captions, tokens = [], list[Caption](), list[TokenProbabilities]()
    batches = reader.clips(dev, task.settings.evaluation.batch_size)
    with progress_bar("calibrating") as progress:
        done = 0
        for clips in batches:
            encoded = task.frame_encoder.shorten(clips, always=True)
            found = task.decode_hypotheses(task.write(clips, encoded=encoded))
            texts = [[caption.text for caption in row] for row in found]
            for sample, row, scored in zip(
                dev[done:], found, token_probabilities(task, encoded, texts, mean), strict=False
            ):
                if row and np.isfinite(row[0].log_probability):
                    samples.append(sample)
                    captions.append(row[0])
                    tokens.append(scored[0])
            done += len(found)
            progress(done, len(dev))
    good, scaling = fit_scaling(task, samples, captions, tokens)
    return CaptionConfidence(good, scaling, mean, usual_support(task.tokenizer, tokens))


def fit_scaling(
    task: CaptionTask,
    samples: Sequence[Sample],
    captions: Sequence[Caption],
    tokens: Sequence[TokenProbabilities],
) -> tuple[GoodCaptions, PlattScaling | None]:
    """Return the definition of a good caption, and the logistic regression if one can be fitted.

    A caption is good if its CIDEr is above the median of the dev captions.
    """
    count = len(samples)
    if task.settings.training.train_on_dev:
        return GoodCaptions(0.0, count, f"{NO_CONFIDENCE} dev was trained on."), None
    if count < FEWEST_SAMPLES:
        few = f"dev has {count} {task.noun}{'' if count == 1 else 's'}, and {FEWEST_SAMPLES} are"
        return GoodCaptions(0.0, count, f"{NO_CONFIDENCE} {few} needed."), None
    ciders = sentence_ciders(samples, captions, tokenize=task.settings.evaluation.tokenize)
    if ciders.min() == ciders.max():
        same = f"{NO_CONFIDENCE} all captions of dev have the same CIDEr."
        return GoodCaptions(0.0, count, same), None
    threshold = good_threshold(ciders)
    return GoodCaptions(threshold, count), fit_platt(
        caption_features(captions, tokens), ciders > threshold
    )


NO_CONFIDENCE = "Captions have no confidence:"


def good_threshold(ciders: np.ndarray) -> float:
    """Return the median, or the largest value below it if no caption exceeds the median."""
    median = float(np.median(ciders))
    return median if ciders.max() > median else float(ciders[ciders < median].max())


def usual_support(tokenizer: Any, tokens: Sequence[TokenProbabilities]) -> dict[str, float]:
    """Return the mean support of each word of captions."""
    supports = defaultdict(list)
    for one in tokens:
        for word in caption_words(tokenizer, one):
            supports[word.word].append(word.support)
    return {word: rounded(np.mean(supports[word])) for word in sorted(supports)}


def mean_features(task: CaptionTask, reader: SampleReader, samples: Sequence[Sample]) -> np.ndarray:
    """Return the mean (D,) of the encoded features over samples, steps and regions.

    Args:
        task: the task.
        reader: reads the clips of samples.
        samples: the samples, of which up to 500 are used, at equal distances.
    """
    chosen = samples[:: -(-len(samples) // MEAN_SAMPLES)]
    total, count = np.zeros(()), 0
    for clips in reader.clips(chosen, task.settings.evaluation.batch_size):
        encoded = task.encoder(task.frame_encoder.shorten(clips, always=True), training=False)
        features = ops.convert_to_numpy(ops.cast(encoded.features, "float32"))
        real = features[ops.convert_to_numpy(encoded.mask).astype(bool)]
        total = total + real.sum(axis=(0, 1), dtype=np.float64)
        count += real.shape[0] * real.shape[1]
    return np.array([rounded(value) for value in total / count])


def rounded(value: Any) -> float:
    """Return a number with six significant digits, which keeps `confidence.json` small."""
    return float(f"{value:.6g}")
