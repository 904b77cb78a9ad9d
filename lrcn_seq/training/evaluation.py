"""Scores of a task on samples: the same code scores dev during training and a split afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from lrcn_seq.errors import DataError
from lrcn_seq.records import Sample
from lrcn_seq.runs import files
from lrcn_seq.runs.folder import Run
from lrcn_seq.tasks.base import Task
from lrcn_seq.training import labels, sentences
from lrcn_seq.training.preparation import Media


class Evaluated(Protocol):
    """What a task says of samples, and how good it is."""

    samples: Sequence[Sample]

    @property
    def values(self) -> Mapping[str, float]:
        """The row of the history: every score by name."""

    def rows(self) -> list[dict[str, Any]]:
        """The lines of `predictions.jsonl`."""

    def summary(self) -> dict[str, Any]:
        """The object of `scores.json`."""

    def remark(self) -> str:
        """Return one sentence on how far to trust the scores."""


def evaluate(
    tasks: Sequence[Task],
    medias: Sequence[Media],
    samples: Sequence[Sample],
    *,
    weights: Sequence[float] | None = None,
    training: Sequence[Sample] = (),
) -> Evaluated:
    """What a task, or several of one kind fused, says of samples.

    Args:
        weights: of the tasks; equal without.
        training: the samples of training, which show how much of what is said was read there.

    Raises:
        DataError: there are no samples.
    """
    if not samples:
        raise DataError("Expected samples to evaluate on. Received: none.")
    kind = labels if tasks[0].needs == "classes" else sentences
    return kind.evaluate(tasks, medias, samples, weights=weights, training=training)


def write(run: Run, evaluated: Evaluated, split: str, **how: Any) -> dict[str, Any]:
    """Writes `predictions.jsonl` and `scores.json` into the run; the object of the latter, with what else is to be known of how it came about."""
    files.write_text(
        run / "predictions.jsonl",
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in evaluated.rows()),
    )
    scores = {**evaluated.summary(), "split": split, **how}
    files.write_text(run / "scores.json", json.dumps(scores, indent=1))
    return scores
