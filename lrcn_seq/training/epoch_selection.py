"""Comparison of epochs by their dev score and, between equal or near-zero scores, by dev loss."""

from __future__ import annotations

from typing import NamedTuple

from lrcn_seq.config.schema import Training
from lrcn_seq.config.sizing import DEV_SAMPLES

NEAR_ZERO = 0.01
"""Scores below this value are those of chance and count as 0."""

FEW_EPOCHS = 20
"""Number of epochs up to which dev is scored after every epoch."""
DEV_INTERVAL = 10
"""Number of epochs between two scorings of a dev split whose scores select no epoch."""


def is_scored(epoch: int, training: Training, dev: int) -> bool:
    """Return whether dev is scored after an epoch.

    Scores of a small dev split that select no epoch are computed after the first epoch, every
    tenth one and the last one, because decoding would take most of the time of a short epoch.

    Args:
        epoch: index of the epoch.
        training: the section `training` of the stage, without `auto`.
        dev: number of dev samples.
    """
    epochs = int(training.epochs)
    selects = training.restore_best_weights is not False or int(training.patience) > 0
    if selects or dev >= DEV_SAMPLES or epochs <= FEW_EPOCHS:
        return True
    number = epoch + 1
    return number in (1, epochs) or number % DEV_INTERVAL == 0


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
