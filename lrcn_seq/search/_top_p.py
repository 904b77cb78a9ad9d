"""The threshold of top-p sampling."""

from __future__ import annotations

ROUNDING = 1e-6
"""A bound on the rounding errors of cumulative probabilities in float32."""


def probability_to_reach(p: float) -> float:
    """Return the cumulative probability at which top-p sampling stops adding words.

    It is slightly below p, so that words with the exact sum p reach it even if rounding puts their
    sum below p. With p = 1, all words are kept.
    """
    return p if p == 1.0 else max(p - ROUNDING, p / 2)
