"""Scores of the confidence of captions: calibration and risk against coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from lrcn_seq import metrics
from lrcn_seq.records import Caption, Sample

CURVE_POINTS = 20
"""Number of points of the risk–coverage curve in `scores.json`."""


class GoodCaptions(NamedTuple):
    """The definition of a good caption, by which confidences were fitted.

    Attributes:
        threshold: the CIDEr that a good caption exceeds, see `sentence_ciders`.
        samples: number of dev samples to which the confidence was fitted.
        reason: sentence on why there is no confidence; None if there is one.
    """

    threshold: float
    samples: int
    reason: str | None = None


class ConfidenceScores(NamedTuple):
    """The evaluation of the confidences of captions.

    Attributes:
        good: the definition of a good caption.
        share_good: share of the captions that are good.
        mean_confidence: mean confidence of the captions.
        calibration_error: expected calibration error.
        bins: bins of the reliability diagram.
        coverage: (M,) mean CIDEr of the 1 to M most confident captions.
        gain: the more confident half, compared with all captions.
    """

    good: GoodCaptions
    share_good: float
    mean_confidence: float
    calibration_error: float
    bins: tuple[metrics.Bin, ...]
    coverage: np.ndarray
    gain: metrics.SelectionGain

    def as_dict(self) -> dict[str, Any]:
        """Return the entry `confidence` of `scores.json`."""
        low, high = self.gain.low, self.gain.high
        return {
            "threshold": self.good.threshold,
            "dev_samples": self.good.samples,
            "share_good": self.share_good,
            "mean_confidence": self.mean_confidence,
            "calibration_error": self.calibration_error,
            "bins": [interval._asdict() for interval in self.bins],
            "risk_coverage": [
                {"coverage": share, "cider": float(self.coverage[position])}
                for share, position in curve_positions(len(self.coverage))
            ],
            "better_half": {
                "cider": self.gain.half,
                "all": self.gain.all,
                "difference": self.gain.difference,
                "interval": None if low is None else [low, high],
            },
        }


def curve_positions(count: int) -> list[tuple[float, int]]:
    """Return up to 20 shares of the captions, each with the position of its last caption."""
    points = min(CURVE_POINTS, count)
    ends = [-(-count * step // points) for step in range(1, points + 1)]
    return [(end / count, end - 1) for end in ends]


def sentence_ciders(
    samples: Sequence[Sample], captions: Sequence[Caption], *, tokenize: str
) -> np.ndarray:
    """Return the CIDEr (M,) of each caption, with the document frequencies of these samples."""
    texts = {sample.id: caption.text for sample, caption in zip(samples, captions, strict=True)}
    references = {sample.id: list(sample.captions) for sample in samples}
    sentences = metrics.score(texts, references, ["cider"], tokenize=tokenize).sentences
    return np.array([sentences[sample.id]["cider"] for sample in samples])


def evaluate_confidence(
    confidences: Sequence[float], ciders: np.ndarray, good: GoodCaptions
) -> ConfidenceScores:
    """Score the confidences of captions.

    Args:
        confidences: (M,) the probability that each caption is good.
        ciders: (M,) the CIDEr of each caption.
        good: the definition of a good caption.
    """
    values, is_good = np.asarray(confidences, float), ciders > good.threshold
    bins = metrics.reliability_bins(values, is_good)
    return ConfidenceScores(
        good,
        float(is_good.mean()),
        float(values.mean()),
        metrics.calibration_error(bins),
        bins,
        metrics.coverage_scores(values, ciders),
        metrics.selection_gain(values, ciders),
    )
