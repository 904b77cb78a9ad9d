"""Recall and median rank of image and caption retrieval."""

import numpy as np
import pytest

from lrcn_seq import metrics
from lrcn_seq.errors import ArgumentError

SCORES = np.array([[9.0, 1, 2, 3], [5, 4, 8, 7], [1, 6, 3, 2]])
OWNER = np.array([0, 0, 1, 2])


def test_captions_retrieve_their_image():
    """In caption-to-image retrieval, all images are ranked by their score for each caption."""
    recall = metrics.retrieval(SCORES, OWNER).caption_to_image
    assert recall == (2 / 4, 1, 1, 2)


def test_images_retrieve_their_captions():
    """In image-to-caption retrieval, the rank of an image is that of its best caption."""
    recall = metrics.retrieval(SCORES, OWNER).image_to_caption
    assert recall == (2 / 3, 1, 1, 1)


@pytest.mark.parametrize(
    ("rank", "recalls"),
    [(1, (1, 1, 1)), (5, (0, 1, 1)), (6, (0, 0, 1)), (10, (0, 0, 1)), (11, (0, 0, 0))],
)
def test_recall_counts_ranks_up_to_1_5_and_10(rank, recalls):
    """Recall at 1, 5 or 10 counts the queries whose correct item has at most this rank."""
    scores = -np.arange(12.0)[:, None].repeat(12, axis=1)
    scores += np.eye(12) * 100
    scores[:, 0] = -np.arange(12)
    scores[0, 0] = -(rank - 1) - 0.5
    recall = metrics.retrieval(scores, np.arange(12)).caption_to_image
    assert recall.recall_1 == pytest.approx((11 + recalls[0]) / 12)
    assert recall.recall_5 == pytest.approx((11 + recalls[1]) / 12)
    assert recall.recall_10 == pytest.approx((11 + recalls[2]) / 12)


def test_ties_rank_the_correct_item_last():
    """A correct item ranks after all incorrect items with the same score."""
    retrieval = metrics.retrieval(np.zeros((20, 20)), np.arange(20))
    assert retrieval.image_to_caption == (0, 0, 0, 20)


@pytest.mark.parametrize(
    ("scores", "owner", "message"),
    [
        (SCORES, [0, 0, 1], r"scores \(I, J\) and owner \(J,\). Received: scores \(3, 4\)"),
        (SCORES[0], [0, 0, 1, 2], r"Received: scores \(4,\)"),
        (SCORES, [0, 0, 1, 7], "every image from 0 to 2"),
        (SCORES, [0.0, 0, 1, 2], "every image from 0 to 2"),
        (SCORES * np.nan, [0, 0, 1, 2], "Received: 12 scores that are NaN"),
        (np.where(np.eye(3, 4), np.nan, 0), [0, 0, 1, 2], "Received: 3 scores that are NaN"),
    ],
)
def test_invalid_arguments_raise(scores, owner, message):
    """Wrong shapes, missing images and NaN raise an ArgumentError."""
    with pytest.raises(ArgumentError, match=f"retrieval: expected .*{message}"):
        metrics.retrieval(scores, np.array(owner))


def test_normalized_log_probabilities_have_mean_0_over_images():
    """Normalization subtracts from each caption's score the mean over all images."""
    normalized = metrics.normalized_log_probabilities(np.array([[-1.0, -9.0], [-2.0, -5.0]]))
    assert normalized == pytest.approx(np.array([[0.5, -2.0], [-0.5, 2.0]]))
