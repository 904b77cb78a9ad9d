"""Scores of captions against their references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from lrcn_seq import metrics
from lrcn_seq.config.schema import Evaluation as EvaluationSettings
from lrcn_seq.evaluation.base import finite_or_none
from lrcn_seq.evaluation.confidence_scores import (
    ConfidenceScores,
    GoodCaptions,
    evaluate_confidence,
    sentence_ciders,
)
from lrcn_seq.metrics.base import values_html
from lrcn_seq.metrics.scoring.accuracy_interval import FEWEST_SEGMENTS, bootstrap_method
from lrcn_seq.records import Caption, Sample

DIVERSITY_IN_HISTORY = (
    "distinct_captions",
    "repetition",
    "unknown",
    "mean_length",
    "min_length",
    "max_length",
)
"""Diversity values that are recorded at every epoch in addition to the scores."""


class CaptionEvaluation(NamedTuple):
    """Captions of samples, with their scores and diversity.

    `settings` are the metrics and the tokenization of the scores. `good` is the definition of a
    good caption by which the confidences were fitted; None if that was not tried.
    """

    samples: Sequence[Sample]
    captions: Sequence[Caption]
    report: metrics.Report
    health: metrics.Health
    settings: EvaluationSettings
    good: GoodCaptions | None = None

    @property
    def unit(self) -> str | None:
        """None: whole samples are scored."""
        return None

    @property
    def values(self) -> dict[str, float]:
        """The scores, and the diversity values that reveal mode collapse."""
        return {
            **self.report.values,
            **{name: getattr(self.health, name) for name in DIVERSITY_IN_HISTORY},
        }

    def _repr_html_(self) -> str:
        return values_html(self.values)

    def rows(self) -> list[dict[str, Any]]:
        """Return the lines of `predictions.jsonl`."""
        return [
            {
                "id": sample.id,
                "caption": caption.text,
                "log_probability": finite_or_none(caption.log_probability),
                "score": finite_or_none(caption.score),
                **({} if caption.confidence is None else {"confidence": caption.confidence}),
                "file": sample.file,
                "references": list(sample.captions),
                **self.report.sentences[sample.id],
            }
            for sample, caption in zip(self.samples, self.captions, strict=True)
        ]

    def summary(self) -> dict[str, Any]:
        """Return the content of `scores.json`, with the confidence intervals of the scores."""
        confidence = self.confidence()
        return {
            **self.report.as_dict(),
            "intervals": self.intervals(),
            "interval_method": self.interval_method,
            "health": self.health._asdict(),
            **({} if confidence is None else {"confidence": confidence.as_dict()}),
        }

    def confidence(self) -> ConfidenceScores | None:
        """Return the scores of the confidences; None if the captions have no confidence."""
        confidences = [one.confidence for one in self.captions if one.confidence is not None]
        if self.good is None or self.good.reason or len(confidences) < len(self.captions):
            return None
        tokenize = self.settings.tokenize
        ciders = sentence_ciders(self.samples, self.captions, tokenize=tokenize)
        return evaluate_confidence(confidences, ciders, self.good)

    @property
    def interval_method(self) -> str:
        """A phrase on how the intervals are estimated, or why there are none."""
        return bootstrap_method(self.report.count, "sample")

    def intervals(self) -> dict[str, list[float]]:
        """Return the ends of the 95 % interval of each score, if there are enough samples.

        An interval without width is left out: it comes from samples of equal scores, such as 0.
        """
        if self.report.count < FEWEST_SEGMENTS:
            return {}
        rows = metrics.intervals(
            self._texts(),
            self._references(),
            self.settings.metrics,
            tokenize=self.settings.tokenize,
        )
        return {
            row.metric: [row.low, row.high]
            for row in rows
            if row.low is not None and row.high is not None and row.low < row.high
        }

    def _texts(self) -> dict[str, str]:
        """Return the caption of each sample by its ID."""
        pairs = zip(self.samples, self.captions, strict=True)
        return {sample.id: caption.text for sample, caption in pairs}

    def _references(self) -> dict[str, list[str]]:
        """Return the reference captions of each sample by its ID."""
        return {sample.id: list(sample.captions) for sample in self.samples}

    def remark(self) -> str:
        """Return the share of distinct captions, and how the intervals are estimated."""
        share = f"{self.health.distinct_captions:.0%} of the captions are distinct."
        return f"{share} 95 % intervals: {self.interval_method}."

    @classmethod
    def differences(
        cls, evaluations: Mapping[str, Self], settings: EvaluationSettings
    ) -> list[metrics.Difference]:
        """Compare every metric for each pair of evaluations of the same samples."""
        systems = {name: one._texts() for name, one in evaluations.items()}
        references = next(iter(evaluations.values()))._references()
        return metrics.paired(systems, references, settings.metrics, tokenize=settings.tokenize)

    def coco_results(self) -> list[dict[str, Any]]:
        """Return `[{"image_id", "caption"}]` for the COCO server; numeric IDs become integers."""
        return [
            {
                "image_id": int(sample.id) if sample.id.isdecimal() else sample.id,
                "caption": caption.text,
            }
            for sample, caption in zip(self.samples, self.captions, strict=True)
        ]


def evaluate_captions(
    samples: Sequence[Sample],
    captions: Sequence[Caption],
    settings: EvaluationSettings,
    *,
    unknown: str,
    training_captions: Sequence[str] | None = None,
    good: GoodCaptions | None = None,
) -> CaptionEvaluation:
    """Score one caption per sample against all references of the sample.

    Args:
        samples: the samples; their `captions` are the references.
        captions: the best caption of each sample.
        settings: metrics and tokenization (the `evaluation` section of a config).
        unknown: the text of the unknown word.
        training_captions: captions of the training split, for the share of novel captions.
        good: the definition of a good caption by which the confidences were fitted.
    """
    hypotheses = {
        sample.id: caption.text for sample, caption in zip(samples, captions, strict=True)
    }
    references = {sample.id: list(sample.captions) for sample in samples}
    report = metrics.score(hypotheses, references, settings.metrics, tokenize=settings.tokenize)
    health = metrics.health(
        hypotheses,
        training_captions=training_captions,
        unknown=unknown,
        tokenize=settings.tokenize,
    )
    return CaptionEvaluation(samples, captions, report, health, settings, good)
