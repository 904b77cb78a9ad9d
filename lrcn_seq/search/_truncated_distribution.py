"""Truncations of the distribution from which sampling draws words."""

from __future__ import annotations

from keras import ops

from lrcn_seq.records import Tensor

ROUNDING = 1e-6
"""A bound on the rounding errors of cumulative probabilities in float32."""


def probability_to_reach(p: float) -> float:
    """Return the cumulative probability at which top-p sampling stops adding words.

    It is slightly below p, so that words with the exact sum p reach it even if rounding puts their
    sum below p. With p = 1, all words are kept.
    """
    return p if p == 1.0 else max(p - ROUNDING, p / 2)


def truncate_top_p(probabilities: Tensor, p: float) -> Tensor:
    """Keep the most probable words of each row whose cumulative probability reaches p.

    Args:
        probabilities: (N, k), largest first.
        p: the share of the sum of a row; 1 keeps all words.

    Returns:
        (N, k), with 0 for words that are not kept; at least one word is kept.
    """
    if p == 1.0:
        return probabilities
    before = ops.cumsum(probabilities, axis=1) - probabilities
    reached = probability_to_reach(p) * ops.sum(probabilities, axis=1, keepdims=True)
    return ops.where(before < reached, probabilities, 0.0)


def truncate_min_p(probabilities: Tensor, p: float) -> Tensor:
    """Keep the words of each row (N, k) with at least p times the largest probability of the row.

    Words that are not kept get a probability of 0.
    """
    if not p:
        return probabilities
    least = p * ops.max(probabilities, axis=1, keepdims=True)
    return ops.where(probabilities >= least, probabilities, 0.0)


def truncate_typical(probabilities: Tensor, p: float) -> Tensor:
    """Keep the most typical words of each row whose cumulative probability reaches p.

    The most typical words are those whose information (negative log probability) is closest to the
    entropy of the row (Meister et al. 2023, "Locally Typical Sampling", section 4).

    Args:
        probabilities: (N, k); the rows may have any sum.
        p: the share of the sum of a row; 1 keeps all words.

    Returns:
        (N, k), with 0 for words that are not kept; at least one word is kept.
    """
    if p == 1.0:
        return probabilities
    total = ops.maximum(ops.sum(probabilities, axis=1, keepdims=True), 1e-30)
    normalized = probabilities / total
    information = -ops.log(ops.maximum(normalized, 1e-30))
    entropy = ops.sum(normalized * information, axis=1, keepdims=True)
    order = ops.argsort(ops.abs(information - entropy), axis=1)
    kept = truncate_top_p(ops.take_along_axis(normalized, order, axis=1), p) > 0
    return ops.where(
        ops.take_along_axis(kept, ops.argsort(order, axis=1), axis=1), probabilities, 0.0
    )
