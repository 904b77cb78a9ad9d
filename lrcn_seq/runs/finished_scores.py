"""Lines with the scores of a finished run and their confidence intervals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lrcn_seq.files import read_json
from lrcn_seq.metrics.scoring.score_tables import interval_text, is_always_one
from lrcn_seq.runs.folder import PREDICTIONS, REPORT, SCORES, Run


def score_lines(run: Run) -> list[str]:
    """Return a heading, and a line for each score with its 95 % interval if it has one.

    The heading says how the intervals are estimated, or why there are none.

    Args:
        run: an evaluated run.

    Raises:
        RunError: a file of the run is damaged.
    """
    scores = read_json(run / SCORES, "scores", dict)
    method = scores.get("interval_method")
    heading = count_samples(scores) + (f" (95 % intervals: {method})" if method else "")
    lines = [
        f"  {name:10} {value:.4f}  {interval_text(scores, name)}".rstrip()
        for name, value in scores["metrics"].items()
        if not is_always_one(name, scores.get("signatures", {}).get(name, ""))
    ]
    return [f"{heading}:", *lines]


def file_lines(folder: Path) -> list[str]:
    """Return a line for each file with results of an evaluation.

    Args:
        folder: the run folder, or the folder of the results of fused runs.
    """
    names = {"Predictions": PREDICTIONS, "Scores": SCORES, "Report": REPORT}
    return [f"{title}: {folder / name}" for title, name in names.items()]


def count_samples(scores: Mapping[str, Any]) -> str:
    """Return the number of samples and the split of scores, e.g. `1 sample of test`."""
    return f"{scores['count']:,} sample{'s' * (scores['count'] != 1)} of {scores['split']}"
