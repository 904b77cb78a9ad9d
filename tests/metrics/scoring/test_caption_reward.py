"""The reward of sampled captions."""

import numpy as np
import pytest

from lrcn_seq import metrics
from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.scoring.caption_reward import CaptionReward

WORDS = ["<pad>", "<start>", "<end>", "<unk>", "a", "red", "dogs", "cat", "with"]
TRAINING = [[[4, 5, 6], [4, 6, 8]], [[7, 4, 7], [4, 7]], [[8, 8]]]
"""Captions of the training images as token ids."""
CAPTIONS = np.array([[4, 5, 6, 2, 0], [4, 7, 2, 0, 0], [7, 4, 8, 2, 0], [4, 5, 6, 4, 5]])
IMAGES = np.array([0, 0, 1, 0])
REFERENCES = np.array([[4, 5, 6, 2], [4, 6, 8, 2], [0, 0, 0, 0], [7, 4, 7, 2], [4, 7, 2, 0]])
REFERENCE_IMAGES = np.array([0, 0, 0, 1, 1])


def text(row) -> str:
    """Return the words of a padded row up to its end word, which is included."""
    kept = []
    for token in row:
        if token == 0:
            break
        kept.append(WORDS[token])
        if token == 2:
            break
    return " ".join(kept)


def expected(metric: dict) -> np.ndarray:
    """Return the last score of each caption, computed from texts."""
    name = metric.pop("type")
    references = [
        [text(row) for row, owner in zip(REFERENCES, REFERENCE_IMAGES, strict=True)
         if owner == image and row[0]]
        for image in IMAGES
    ]  # fmt: skip
    function = getattr(metrics, name)
    score = function([text(row) for row in CAPTIONS], references, tokenize="none", **metric)
    return score.table[:, -1]


def reward_of(scores: dict, **options) -> np.ndarray:
    """Return the reward of `CAPTIONS` for weights of scores."""
    reward = CaptionReward(scores, TRAINING, WORDS, **options)
    return reward(CAPTIONS, IMAGES, REFERENCES, REFERENCE_IMAGES)


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("bleu_4", {"type": "bleu"}),
        ("bleu_2", {"type": "bleu", "order": 2}),
        ("rouge_l", {"type": "rouge_l"}),
        ("meteor", {"type": "meteor", "stages": "exact_stem"}),
    ],
)
def test_a_score_is_that_of_the_words(name, metric):
    """The reward of token ids is the score of the words, in which the end word is a word."""
    np.testing.assert_allclose(reward_of({name: 1.0}), expected(metric), atol=1e-12)


def test_cider_has_the_document_frequencies_of_training():
    """CIDEr is that of `CiderReward` with the training captions and the end word."""
    stored = metrics.CiderReward(TRAINING, with_end=True)
    np.testing.assert_allclose(reward_of({"cider": 1.0}), stored(CAPTIONS, IMAGES), atol=1e-12)


def test_scores_are_added_with_their_weights():
    """The reward is the weighted sum of the scores."""
    mixed = reward_of({"cider": 0.5, "bleu_4": 2.0})
    separate = 0.5 * reward_of({"cider": 1.0}) + 2 * reward_of({"bleu_4": 1.0})
    np.testing.assert_allclose(mixed, separate)


def test_words_are_rewarded():
    """Each word has the reward `word_reward`, except the end word."""
    difference = reward_of({"cider": 1.0}, word_reward=0.1) - reward_of({"cider": 1.0})
    np.testing.assert_allclose(difference, [0.3, 0.2, 0.3, 0.5])


def test_bad_endings_are_penalized():
    """A caption that ends with a bad ending loses `ending_penalty`, also without an end word."""
    options = {"bad_endings": ["with", "red"], "ending_penalty": 2.0}
    difference = reward_of({"cider": 1.0}, **options) - reward_of({"cider": 1.0})
    np.testing.assert_allclose(difference, [0, 0, -2, -2])


def test_an_empty_caption_has_no_reward():
    """The CIDEr of a caption without words is 0."""
    reward = CaptionReward({"cider": 1.0}, TRAINING, WORDS)
    empty = np.array([[2, 0, 0], [0, 0, 0]])
    assert reward(empty, np.array([0, 1]), REFERENCES, REFERENCE_IMAGES)[1] == 0


def test_unknown_scores_are_refused():
    """A score without a metric is refused with the names of the others."""
    with pytest.raises(ArgumentError, match=r"expected scores among bleu_1, .*Received: 'cidr'"):
        CaptionReward({"cidr": 1.0}, TRAINING, WORDS)
