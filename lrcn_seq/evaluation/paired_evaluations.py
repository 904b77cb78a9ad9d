"""Paired significance tests of evaluations of the same samples."""

from __future__ import annotations

from collections.abc import Mapping

from lrcn_seq import metrics
from lrcn_seq.config.schema import Evaluation as EvaluationSettings
from lrcn_seq.evaluation.base import Evaluation
from lrcn_seq.evaluation.caption_evaluation import CaptionEvaluation
from lrcn_seq.evaluation.frame_evaluation import FrameEvaluation
from lrcn_seq.evaluation.label_evaluation import LabelEvaluation


def paired_differences(
    evaluations: Mapping[str, Evaluation], settings: EvaluationSettings
) -> list[metrics.Difference]:
    """Compare each pair of evaluations on the same bootstrap samples.

    Captions are compared by every metric over samples, and labels by accuracy over groups.

    Args:
        evaluations: at least two evaluations of the same samples by name.
        settings: metrics and tokenization of captions.

    Returns:
        The differences; none for evaluations of another package, or of a single group.
    """
    captions = {n: e for n, e in evaluations.items() if isinstance(e, CaptionEvaluation)}
    if len(captions) == len(evaluations):
        systems = {name: _hypotheses(evaluation) for name, evaluation in captions.items()}
        samples = next(iter(captions.values())).samples
        references = {sample.id: list(sample.captions) for sample in samples}
        return metrics.paired(systems, references, settings.metrics, tokenize=settings.tokenize)
    labels = {
        name: evaluation.correct()
        for name, evaluation in evaluations.items()
        if isinstance(evaluation, (LabelEvaluation, FrameEvaluation))
    }
    groups = [groups for _, groups in labels.values()]
    if len(labels) < len(evaluations) or any(other != groups[0] for other in groups):
        return []
    correct = {name: values.astype(float) for name, (values, _) in labels.items()}
    return metrics.group_differences("top_1", correct, groups[0])


def _hypotheses(evaluation: CaptionEvaluation) -> dict[str, str]:
    return {
        sample.id: caption.text
        for sample, caption in zip(evaluation.samples, evaluation.captions, strict=True)
    }
