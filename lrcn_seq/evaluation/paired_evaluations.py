"""Paired significance tests of evaluations of the same samples."""

from __future__ import annotations

from collections.abc import Mapping

from lrcn_seq import metrics
from lrcn_seq.config.schema import Evaluation as EvaluationSettings
from lrcn_seq.evaluation.base import Evaluation


def paired_differences(
    evaluations: Mapping[str, Evaluation], settings: EvaluationSettings
) -> list[metrics.Difference]:
    """Compare each pair of evaluations on the same bootstrap samples.

    The class of the evaluations computes the differences with its class method
    `differences(evaluations, settings)`.

    Args:
        evaluations: at least two evaluations of the same samples by name.
        settings: metrics and tokenization of captions.

    Returns:
        The differences; none if the evaluations differ in class, or their class has no such method.
    """
    kinds = {type(evaluation) for evaluation in evaluations.values()}
    differences = getattr(next(iter(kinds)), "differences", None)
    if len(kinds) > 1 or differences is None:
        return []
    rows: list[metrics.Difference] = differences(evaluations, settings)
    return rows
