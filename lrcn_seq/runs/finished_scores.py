"""Lines with the scores of a finished run and their confidence intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrcn_seq import metrics
from lrcn_seq.files import read_json, read_json_lines
from lrcn_seq.metrics.scoring.significance import RELIABLE_SEGMENTS
from lrcn_seq.runs.folder import PREDICTIONS, SCORES, Run
from lrcn_seq.runs.loading import read_config


def score_lines(run: Run) -> list[str]:
    """Return a heading, and a line for each score with its 95 % interval if it has one.

    The heading warns if few samples make intervals unreliable; a single sample has no intervals.

    Args:
        run: an evaluated run.

    Raises:
        RunError: a file of the run is damaged.
    """
    scores = read_json(run / SCORES, "scores", dict)
    limits = score_limits(run, scores) if scores["count"] > 1 else {}
    lines = [_heading(scores, bool(limits))]
    for name, value in scores["metrics"].items():
        low, high = limits.get(name, (None, None))
        interval = "" if low is None else f"  [{low:.4f}, {high:.4f}]"
        lines.append(f"  {name:10} {value:.4f}{interval}")
    return lines


def _heading(scores: Mapping[str, Any], has_limits: bool) -> str:
    few = scores["count"] < RELIABLE_SEGMENTS
    caution = f" (unreliable below {RELIABLE_SEGMENTS} samples)" if few else ""
    intervals = f", with 95 % intervals{caution}" if has_limits else ""
    return f"{count_samples(scores)}{intervals}:"


def count_samples(scores: Mapping[str, Any]) -> str:
    """Return the number of samples and the split of scores, e.g. `1 sample of test`."""
    return f"{scores['count']:,} sample{'s' * (scores['count'] != 1)} of {scores['split']}"


def score_limits(run: Run, scores: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Return the ends of the interval of each score; compute those of captions if not stored."""
    if "intervals" in scores:
        return {name: tuple(limits) for name, limits in scores["intervals"].items()}
    rows = read_json_lines(run / PREDICTIONS, "predictions", list)
    if not all("caption" in row and "references" in row for row in rows):
        return {}
    settings = read_config(run.folder).evaluation
    found = metrics.intervals(
        {row["id"]: row["caption"] for row in rows},
        {row["id"]: row["references"] for row in rows},
        settings.metrics,
        tokenize=settings.tokenize,
    )
    return {
        row.metric: (row.low, row.high)
        for row in found
        if row.low is not None and row.high is not None
    }
