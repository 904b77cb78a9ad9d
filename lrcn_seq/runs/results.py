"""The results of a run: predictions, scores and the report."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lrcn_seq import config as configs
from lrcn_seq import report
from lrcn_seq.evaluation import Evaluation
from lrcn_seq.files import write_text
from lrcn_seq.runs.folder import PREDICTIONS, REPORT, SCORES, Run
from lrcn_seq.tasks import Task


class TrainingRecord(NamedTuple):
    """The record of a training run, which the report shows.

    Attributes:
        notes: sentences about the data, see `Corpus`.
        history: one row per finished epoch.
        skipped: the name of each skipped file, with the reason.
        environment: the environment in which the run began.
    """

    notes: Sequence[str]
    history: list[dict[str, Any]]
    skipped: list[tuple[str, str]]
    environment: dict[str, str]

    @classmethod
    def read(cls, run: Run, notes: Sequence[str]) -> TrainingRecord:
        """Read the record of a run from its folder.

        Raises:
            RunError: a file of the run is damaged.
        """
        return cls(notes, run.history(), run.skipped_files(), run.environment())


def write_results(
    run: Run,
    task: Task,
    evaluation: Evaluation,
    record: TrainingRecord,
    *,
    split: str,
    details: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write `predictions.jsonl`, `scores.json` and `report.html`.

    Args:
        run: the run.
        task: the task of the run.
        evaluation: the evaluation of the run.
        record: the record of the training.
        split: the evaluated split.
        details: further entries of `scores.json`: `fused`, `rescored`, `source`, `limit`,
            `retrieval`.

    Returns:
        The content of `scores.json`.
    """
    rows = (json.dumps(row, ensure_ascii=False) + "\n" for row in evaluation.rows())
    write_text(run / PREDICTIONS, "".join(rows))
    scores = {**evaluation.summary(), "split": split, **(details or {})}
    write_text(run / SCORES, json.dumps(scores, indent=1))
    report.write(run / REPORT, report_page(run, task, evaluation, scores, record))
    return scores


def report_page(
    run: Run,
    task: Task,
    evaluation: Evaluation,
    scores: Mapping[str, Any],
    record: TrainingRecord,
) -> report.Page:
    """Return the report of a run.

    Args:
        run: the run.
        task: the task of the run, which adds its own sections.
        evaluation: the evaluation of the run.
        scores: the content of `scores.json`.
        record: the record of the training.
    """
    subtitle = [
        f"{report.quantity(len(evaluation.samples), task.noun)} of the split {scores['split']}",
        *scope(scores),
        time.strftime("%Y-%m-%d %H:%M"),
    ]
    return report.Page(
        title=": ".join(dict.fromkeys((task.name, run.folder.name))),
        subtitle=", ".join(subtitle),
        sections=[
            report.score_cards(scores, evaluation.unit or task.noun),
            report.curves(
                record.history,
                task.monitor,
                keeps_best=task.settings.training.restore_best_weights is not False,
            ),
            *task.report_sections(evaluation),
            report.skipped_files(record.skipped, record.notes),
            report.provenance(
                evaluation_command(run, scores),
                {**record.environment, **model_size(task)},
                configs.dump(task.settings),
            ),
        ],
    )


def scope(scores: Mapping[str, Any]) -> list[str]:
    """Describe how an evaluation differs from that of one run on a whole split of its own data.

    Args:
        scores: the content of `scores.json`.

    Returns:
        Phrases on a limited number of samples, another source, fused runs and rescoring. The list
        is empty if none of them applies.
    """
    fused = scores.get("fused", {}).get("runs", ())
    phrases = [
        f"the first {scores['limit']}" if "limit" in scores else "",
        "of another source" if "source" in scores else "",
        f"fused from {' and '.join(fused)}" if fused else "",
        f"rescored by {scores['rescored']['by']}" if "rescored" in scores else "",
    ]
    return [phrase for phrase in phrases if phrase]


def evaluation_command(run: Run, scores: Mapping[str, Any]) -> str:
    """Return the command that repeats an evaluation with its default options."""
    fused, rescored = scores.get("fused", {}), scores.get("rescored", {})
    if not (fused or rescored):
        return f"lrcn evaluate {run.folder}"
    weights = ",".join(map(str, fused.get("weights") or ()))
    options = [
        *(fused or rescored)["runs"],
        "--fuse" if fused else "",
        f"--weights {weights}" if weights else "",
        f"--average {fused['average']}" if "average" in fused else "",
        f"--rescore {rescored['by']} --rescore-weight {rescored['weight']}" if rescored else "",
        f"--output {run.folder}",
    ]
    return " ".join(["lrcn evaluate", *filter(None, options)])


def model_size(task: Task) -> dict[str, str]:
    """Return the numbers of all parameters and of trained parameters of a task, as text."""
    trained = sum(math.prod(weight.shape) for weight in task.trainable_weights)
    return {
        "parameters": f"{task.count_params():,}",
        "trained parameters": f"{trained:,}",
    }
