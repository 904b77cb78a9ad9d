"""Finding pictures by captions and captions by pictures, from a matrix of scores."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lrcn_seq.errors import ArgumentError


class Recall(NamedTuple):
    """Shares (0–1) of queries with a right answer among the first 1, 5 and 10, and the median rank of the first right answer, from 1."""

    recall_1: float
    recall_5: float
    recall_10: float
    median_rank: float


class Retrieval(NamedTuple):
    """Both directions."""

    caption_to_image: Recall
    image_to_caption: Recall


def retrieval(scores: np.ndarray, owner: np.ndarray) -> Retrieval:
    """Ranks by score, higher is better; of equal scores a wrong answer counts as ranked before the right one.

    Arguments:
        scores: (I, J), image i with caption j.
        owner: (J,) the image that each caption belongs to.

    Raises:
        ArgumentError: shapes that do not fit, an image without caption, or scores that are no numbers.
    """
    scores, owner = np.asarray(scores, np.float64), np.asarray(owner)
    if scores.ndim != 2 or not scores.size or owner.shape != scores.shape[1:]:
        raise ArgumentError(
            f"retrieval: expected scores (I, J) and owner (J,). Received: scores {scores.shape}, owner {owner.shape}."
        )
    if not np.issubdtype(owner.dtype, np.integer) or set(owner.tolist()) != set(range(len(scores))):
        raise ArgumentError(
            f"retrieval: expected owner to name every image from 0 to {len(scores) - 1}. Received: owner={owner.tolist()!r:.80}."
        )
    if np.isnan(scores).any():
        raise ArgumentError(
            f"retrieval: expected numbers as scores. Received: {int(np.isnan(scores).sum())} that are not a number."
        )
    right = owner[None, :] == np.arange(len(scores))[:, None]
    return Retrieval(_recall(scores.T, right.T), _recall(scores, right))


def _recall(scores: np.ndarray, right: np.ndarray) -> Recall:
    best = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
    ranks = 1 + ((scores >= best) & ~right).sum(axis=1)
    return Recall(
        *(float((ranks <= depth).mean()) for depth in (1, 5, 10)), float(np.median(ranks))
    )


def normalized_log_probabilities(log_probabilities: np.ndarray) -> np.ndarray:
    """(I, J): log p(caption | image) less its mean over images, so that captions that are likely for any image do not win.

    Donahue et al. 2015, section 5, image retrieval.
    """
    values = np.asarray(log_probabilities, np.float64)
    return values - values.mean(axis=0, keepdims=True)
