"""Ranking captions for each image, and images for each caption."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.records import Batch
from lrcn_seq.tasks import SampleReader
from lrcn_seq.tasks import _caption_ranking as ranking
from lrcn_seq.tasks._caption_ranking import CaptionScorer, rank_captions
from tests.tasks.inputs import array_sample, fresh_captioner, image_clips, log_softmax

CAPTIONS = [("a dog", "red red"), ("a blue cat",), ("cat dog a", "blue", "a red dog"), ("cat",)]


@pytest.fixture(scope="module")
def task():
    """Return an untrained task whose caption scores differ strongly between images."""
    built = fresh_captioner("seed=3")
    for weight in built.decoder.trainable_weights:
        weight.assign(weight * 3)
    return built


@pytest.fixture(scope="module")
def samples(images):
    """Return four images with one to three captions each."""
    return [
        array_sample(str(index), image, captions=captions)
        for index, (image, captions) in enumerate(zip(images, CAPTIONS, strict=False))
    ]


def log_probability(task, image, caption: str) -> float:
    """Return Σ log p of the words of a caption, with the end word, by teacher forcing."""
    words = [*task.tokenizer.encode(caption), 2]
    batch = Batch(image_clips([image]), np.zeros(1, "int32"), np.array([[1, *words]], "int32"))
    log_p = log_softmax(ops.convert_to_numpy(task(batch)))[0]
    return log_p[np.arange(len(words)), words].sum()


def test_the_score_is_the_log_probability_of_the_caption(task, images):
    """A caption's score is the log probability of its words given its image, without padding."""
    texts = ["a dog", "cat", "a blue cat dog"]
    rows = [[1, *task.tokenizer.encode(text), 2] for text in texts]
    words = np.zeros((3, 6), "int32")
    for row, caption in zip(words, rows, strict=True):
        row[: len(caption)] = caption
    owner = np.array([1, 0, 1], "int32")
    scores = CaptionScorer(task).predict_on_batch(Batch(image_clips(images[:2]), owner, words))
    expected = [
        log_probability(task, images[o], text) for o, text in zip(owner, texts, strict=True)
    ]
    np.testing.assert_allclose(scores, expected, rtol=1e-4)


def rank(scores: np.ndarray, correct: np.ndarray) -> int:
    """Return the rank of the correct item with the highest score; the first rank is 1."""
    order = np.argsort(-scores)
    return 1 + int(np.flatnonzero(correct[order])[0])


def test_ranking_uses_normalized_log_probabilities(task, images, samples, monkeypatch):
    """Recall and median rank equal those of a score table computed caption by caption.

    A score is the log probability of a caption for an image minus its mean over all images.
    """
    monkeypatch.setattr(ranking, "CAPTIONS_PER_CALL", 3)
    result = rank_captions(task, SampleReader(task), samples)
    texts = [text for captions in CAPTIONS for text in captions]
    owner = np.repeat(np.arange(4), [len(captions) for captions in CAPTIONS])
    table = np.array(
        [[log_probability(task, image, text) for text in texts] for image in images[:4]]
    )
    table -= table.mean(axis=0)
    by_caption = [rank(table[:, j], np.arange(4) == owner[j]) for j in range(len(texts))]
    by_image = [rank(table[i], owner == i) for i in range(4)]
    for name, ranks in (("caption_to_image", by_caption), ("image_to_caption", by_image)):
        assert result[name] == {
            "recall_1": np.mean(np.array(ranks) <= 1),
            "recall_5": np.mean(np.array(ranks) <= 5),
            "recall_10": np.mean(np.array(ranks) <= 10),
            "median_rank": np.median(ranks),
        }
    assert len(set(by_caption)) > 1
