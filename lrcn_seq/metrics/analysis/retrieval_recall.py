"""Image and caption retrieval: recall at 1, 5 and 10 and median rank, from a matrix of scores."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.statistics.array_types import BoolArray, FloatArray, IntArray, NumberArray


class Recall(NamedTuple):
    """Recall and median rank of retrieval in one direction.

    Attributes:
        recall_1: share (0–1) of queries with a correct item ranked first.
        recall_5: share of queries with a correct item among the first 5.
        recall_10: share of queries with a correct item among the first 10.
        median_rank: median rank of the first correct item, from 1.
    """

    recall_1: float
    recall_5: float
    recall_10: float
    median_rank: float


class Retrieval(NamedTuple):
    """Recall and median rank of both directions of retrieval."""

    caption_to_image: Recall
    image_to_caption: Recall


def retrieval(scores: NumberArray, owner: IntArray) -> Retrieval:
    """Rank images by caption and captions by image, higher scores first.

    An incorrect item ranks before a correct one with the same score.

    Args:
        scores: (I, J) score of image i with caption j.
        owner: (J,) index of the image of each caption.

    Raises:
        ArgumentError: the shapes do not match, an image has no caption, or a score is NaN.
    """
    scores, owner = np.asarray(scores, np.float64), np.asarray(owner)
    if scores.ndim != 2 or not scores.size or owner.shape != scores.shape[1:]:
        raise ArgumentError(
            "retrieval: expected scores (I, J) and owner (J,). "
            f"Received: scores {scores.shape}, owner {owner.shape}."
        )
    if not np.issubdtype(owner.dtype, np.integer) or set(owner.tolist()) != set(range(len(scores))):
        raise ArgumentError(
            f"retrieval: expected owner to contain every image from 0 to {len(scores) - 1}. "
            f"Received: owner={owner.tolist()!r:.80}."
        )
    if np.isnan(scores).any():
        raise ArgumentError(
            "retrieval: expected numbers as scores. "
            f"Received: {int(np.isnan(scores).sum())} scores that are NaN."
        )
    correct = owner[None, :] == np.arange(len(scores))[:, None]
    return Retrieval(_recall(scores.T, correct.T), _recall(scores, correct))


def _recall(scores: FloatArray, correct: BoolArray) -> Recall:
    """Return recall and median rank of Q queries, given scores (Q, N) and correct items (Q, N)."""
    best = np.where(correct, scores, -np.inf).max(axis=1, keepdims=True)
    ranks = 1 + ((scores >= best) & ~correct).sum(axis=1)
    return Recall(
        recall_1=float((ranks <= 1).mean()),
        recall_5=float((ranks <= 5).mean()),
        recall_10=float((ranks <= 10).mean()),
        median_rank=float(np.median(ranks)),
    )


def normalized_log_probabilities(log_probabilities: NumberArray) -> FloatArray:
    """Subtract from each log p(caption | image) the mean of the caption over all images.

    Otherwise, captions that are likely for any image would rank first (Donahue et al. 2015, section
    5, image retrieval).

    Args:
        log_probabilities: (I, J) log-probability of caption j given image i.
    """
    values = np.asarray(log_probabilities, np.float64)
    return np.asarray(values - values.mean(axis=0, keepdims=True))
