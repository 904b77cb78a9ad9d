"""Cross-validation of a classifier: one run per fold, with the predictions of all folds pooled.

Clips of one group, such as one video, are similar. Therefore, folds consist of whole groups, and
the confidence interval of the accuracy is computed by resampling groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lrcn_seq import config as configs
from lrcn_seq.errors import ArgumentError, RunError
from lrcn_seq.files import read_json, read_json_lines
from lrcn_seq.metrics import AccuracyInterval, accuracy_interval
from lrcn_seq.runs import Run
from lrcn_seq.runs.folder import PREDICTIONS, REPORT, SCORES
from lrcn_seq.training.pipeline import train

KEYS = {"id", "label", "truth", "group"}
"""Keys of the predictions of a classifier."""


@dataclass(frozen=True)
class Fold:
    """The accuracy of one fold on its test clips."""

    fold: int
    accuracy: float
    count: int


@dataclass(frozen=True)
class CrossValidation:
    """The accuracy of each fold, and the pooled accuracy with its 95 % interval over groups."""

    folds: tuple[Fold, ...]
    pooled: AccuracyInterval
    count: int
    groups: int

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain values for JSON."""
        pooled = {
            "accuracy": self.pooled.value,
            "low": self.pooled.low,
            "high": self.pooled.high,
            "count": self.count,
            "groups": self.groups,
        }
        return {"folds": [asdict(fold) for fold in self.folds], "pooled": pooled}

    def __str__(self) -> str:
        lines = [f"fold {fold.fold}: {fold.accuracy:.3f} of {fold.count}" for fold in self.folds]
        pooled = f"pooled: {self.pooled.value:.3f} of {self.count}"
        if self.pooled.low is not None:
            low, high = self.pooled.low, self.pooled.high
            pooled += f", 95 % interval over {self.groups} groups {low:.3f} to {high:.3f}"
        return "\n".join([*lines, pooled])


def cross_validate(
    config: str | Path, folder: str | Path, folds: int, *, overrides: Iterable[str] = ()
) -> CrossValidation:
    """Train fold k into `folder/fold-k` and pool the predictions of all folds.

    Interrupted folds are resumed and finished ones skipped.

    Args:
        config: a config of a classifier whose source takes `folds` and `fold`.
        folder: the folder that contains the runs of all folds.
        folds: number of folds, at least 3.
        overrides: changes of the config, as `section.key=value`, for all folds.

    Raises:
        ArgumentError: `folds` is below 3.
        ConfigError, DataError: as in `train`.
        RunError: as in `train`, or the predictions of a fold are not those of its test clips.
    """
    if folds < 3:
        raise ArgumentError(
            f"folds: expected at least 3 (training, dev, test). Received: folds={folds}."
        )
    shared = list(overrides)
    # Read all configs before training the first fold, so that errors do not appear hours later.
    settings = [
        configs.read(config, [*shared, f"data.source.folds={folds}", f"data.source.fold={fold}"])
        for fold in range(folds)
    ]
    runs = [Run(Path(folder) / f"fold-{fold}") for fold in range(folds)]
    for run, setting in zip(runs, settings, strict=True):
        run.check(setting, resume=True)
    for run, setting in zip(runs, settings, strict=True):
        if not is_finished(run):
            train(setting, run.folder, resume=True)
    return pool([read_predictions(run) for run in runs])


def is_finished(run: Run) -> bool:
    """Return whether a run has predictions, scores and a report, which is written last."""
    return all((run / name).exists() for name in (PREDICTIONS, SCORES, REPORT))


def read_predictions(run: Run) -> list[dict[str, Any]]:
    """Read the predictions of a finished run: `id`, `label`, `truth` and `group` per clip.

    Raises:
        RunError: the predictions are missing, of another split, or not those of a classifier.
    """
    split = read_json(run / SCORES, "the scores of a finished run", lambda scores: scores["split"])
    rows = read_json_lines(
        run / PREDICTIONS,
        "the predictions of a finished run",
        lambda rows: [dict(row) for row in rows],
    )
    if split != "test" or not rows:
        raise RunError(
            f"{run.folder}: expected predictions of the split test. Received: {len(rows)} of the "
            f"split {split}; evaluate the run on test again."
        )
    if not all(row.keys() >= KEYS for row in rows):
        raise RunError(
            f"{run.folder}: expected predictions of a classifier, with id, label, truth and group. "
            f"Received: {', '.join(rows[0])}."
        )
    return rows


def pool(folds: Sequence[list[dict[str, Any]]]) -> CrossValidation:
    """Compute the accuracy of each fold and of all folds together.

    Args:
        folds: the predictions of each fold.

    Raises:
        RunError: a clip is in the test splits of two folds.
    """
    rows = [row for fold in folds for row in fold]
    ids: set[str] = set()
    for row in rows:
        if row["id"] in ids:
            raise RunError(
                f"{row['id']}: expected a clip in the test split of only one fold. Received: "
                "two folds; they were trained on different data."
            )
        ids.add(row["id"])
    correct = [[row["label"] == row["truth"] for row in fold] for fold in folds]
    groups = [row["group"] for row in rows]
    scores = tuple(
        Fold(number, sum(values) / len(values), len(values))
        for number, values in enumerate(correct)
    )
    pooled = accuracy_interval([value for values in correct for value in values], groups)
    return CrossValidation(scores, pooled, len(rows), pooled.groups)
