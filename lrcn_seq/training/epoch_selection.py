"""Comparison of epochs by their dev score and, between equal or near-zero scores, by dev loss."""

from __future__ import annotations

from typing import NamedTuple

NEAR_ZERO = 0.01
"""Scores below this value are those of chance and count as 0."""


class EpochQuality(NamedTuple):
    """The quality of an epoch; better epochs compare greater.

    Attributes:
        score: the monitored dev score, higher is better; negative for scores that are minimized.
        loss: the dev loss; None if it is not computed.
    """

    score: float
    loss: float | None = None

    def is_better_than(self, other: EpochQuality) -> bool:
        """Return whether the epoch has the higher score or, if both are equal, the lower loss.

        With a dev loss, scores from 0 to 0.01 count as 0.
        """
        if self.loss is None or other.loss is None:
            return self.score > other.score
        return (_floored(self.score), -self.loss) > (_floored(other.score), -other.loss)


def _floored(score: float) -> float:
    return 0.0 if 0 <= score < NEAR_ZERO else score
