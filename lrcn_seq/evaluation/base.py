"""The interface of evaluations, and the confidence interval of the accuracy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from lrcn_seq import metrics
from lrcn_seq.records import Sample

FEW_GROUPS = 30
"""The number of groups below which a bootstrap interval is unreliable."""


class Evaluation(Protocol):
    """The predictions for samples, with their scores."""

    @property
    def samples(self) -> Sequence[Sample]:
        """The evaluated samples."""
        ...

    @property
    def values(self) -> Mapping[str, float]:
        """The scores by name, as recorded in the training history."""
        ...

    @property
    def unit(self) -> str | None:
        """The unit of scoring, such as `frame`; None if whole samples are scored."""
        ...

    def rows(self) -> list[dict[str, Any]]:
        """Return the lines of `predictions.jsonl`, one per sample."""
        ...

    def summary(self) -> dict[str, Any]:
        """Return the content of `scores.json`: `metrics`, `signatures`, `count` and more."""
        ...

    def remark(self) -> str:
        """Return a sentence on the reliability of the scores."""
        ...


def finite_or_none(value: float) -> float | None:
    """Return a finite value, or None for infinity and NaN, which JSON cannot represent."""
    return value if math.isfinite(value) else None


def top_1_interval(correct: np.ndarray, groups: Sequence[str]) -> dict[str, Any]:
    """Compute the 95 % confidence interval of the accuracy over groups.

    Args:
        correct: (M,) bool, whether each prediction is correct.
        groups: (M,) the group of each prediction.

    Returns:
        Entries of `scores.json`: `intervals`, `interval_method` and `groups`. The ends of the
        interval are None for a single group.
    """
    interval = metrics.accuracy_interval(correct, groups)
    return {
        "intervals": {"top_1": [interval.low, interval.high]},
        "interval_method": interval.method,
        "groups": interval.groups,
    }


def top_1_differences(
    correct: Mapping[str, tuple[np.ndarray, Sequence[str]]],
) -> list[metrics.Difference]:
    """Compare accuracies on the same bootstrap samples of groups.

    Args:
        correct: by name, whether each prediction is correct (M,), and its group.

    Returns:
        The differences; none if the groups differ, or if there is only one group.
    """
    groups = [groups for _, groups in correct.values()]
    if any(other != groups[0] for other in groups):
        return []
    values = {name: right.astype(float) for name, (right, _) in correct.items()}
    return metrics.group_differences("top_1", values, groups[0])


def top_1_remark(summary: Mapping[str, Any]) -> str:
    """Return a sentence that states the confidence interval of the accuracy in a summary."""
    low, high = summary["intervals"]["top_1"]
    if low is None:
        return "All samples belong to one group, so no interval is given."
    return f"top_1 95 % interval {low:.3f} to {high:.3f} ({summary['interval_method']})."
