"""The border of top-p sampling."""

from __future__ import annotations

ROUNDING = 1e-6
"""A bound on the rounding errors of cumulative probabilities in float32."""


def probability_to_reach(p: float) -> float:
    """Return the cumulative probability from which no further word is kept.

    The smallest set of words whose probability reaches p also reaches it if rounding puts the sum
    slightly below p. With p = 1 all words are kept.
    """
    return p if p == 1.0 else max(p - ROUNDING, p / 2)
