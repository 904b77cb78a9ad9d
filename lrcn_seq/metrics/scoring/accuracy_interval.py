"""The confidence interval of an accuracy, also for few clips and for clips that are all right.

E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22(158),
1927.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lrcn_seq.metrics.scoring.significance import RELIABLE_SEGMENTS, group_interval
from lrcn_seq.metrics.statistics.array_types import NumberArray

FEWEST_SEGMENTS = 10
"""Number of segments below which a bootstrap has too few values to resample."""
NORMAL_QUANTILE = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


class AccuracyInterval(NamedTuple):
    """An accuracy with its 95 % confidence interval.

    Attributes:
        value: the accuracy.
        low: lower end of the interval; None for a single group.
        high: upper end of the interval; None for a single group.
        groups: number of groups.
        method: phrase on how the interval is estimated.
    """

    value: float
    low: float | None
    high: float | None
    groups: int
    method: str


def accuracy_interval(
    correct: Sequence[bool] | NumberArray, groups: Sequence[str]
) -> AccuracyInterval:
    """Estimate the 95 % confidence interval of an accuracy.

    Whole groups are resampled, because clips of one video are not independent. With fewer than ten
    groups, or if all bootstrap samples have the same accuracy, the interval is Wilson's for one
    observation per group.

    Args:
        correct: (M,) whether each clip is classified correctly.
        groups: (M,) group of each clip.

    Raises:
        ArgumentError: `correct` and `groups` differ in length or are empty.
    """
    _, value, low, high = group_interval(np.asarray(correct, np.float64), groups)
    count = len(set(groups))
    if low is None or high is None or (count >= FEWEST_SEGMENTS and low < high):
        return AccuracyInterval(value, low, high, count, bootstrap_method(count, "group"))
    few = ", too few for a bootstrap" if count < FEWEST_SEGMENTS else " of equal accuracy"
    method = f"Wilson over {count:,} groups{few}"
    return AccuracyInterval(value, *wilson_limits(value, count), count, method)


def wilson_limits(share: float, count: int) -> tuple[float, float]:
    """Return the ends of Wilson's 95 % score interval of a proportion.

    Args:
        share: the observed proportion.
        count: number of observations.
    """
    squared = NORMAL_QUANTILE**2
    center = (share + squared / (2 * count)) / (1 + squared / count)
    variance = share * (1 - share) / count + squared / (4 * count**2)
    half = NORMAL_QUANTILE * math.sqrt(variance) / (1 + squared / count)
    return max(0.0, center - half), min(1.0, center + half)


def bootstrap_method(count: int, noun: str) -> str:
    """Return a phrase on the intervals of a bootstrap over a number of units, or on their lack.

    Args:
        count: number of resampled units.
        noun: singular noun of a unit.
    """
    if count < 2:
        return f"none, a single {noun}"
    if count < FEWEST_SEGMENTS:
        return f"none, {count} {noun}s are too few"
    caution = f", unreliable below {RELIABLE_SEGMENTS}" if count < RELIABLE_SEGMENTS else ""
    return f"bootstrap over {count:,} {noun}s{caution}"
