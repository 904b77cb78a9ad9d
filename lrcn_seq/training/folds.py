"""Cross-validation of a classifier: a config trained once for each fold, and the answers of all folds pooled.

Folds part groups, not clips, and the interval resamples groups, so that clips of one video count as what they are: much the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from lrcn_seq import config as configs
from lrcn_seq.errors import ArgumentError, RunError
from lrcn_seq.metrics import Interval, group_interval
from lrcn_seq.runs.folder import Run
from lrcn_seq.training.training import train


class Fold(NamedTuple):
    """How one fold's model did on the clips that it had not seen."""

    fold: int
    accuracy: float
    count: int


class CrossValidation(NamedTuple):
    """Each fold, and all clips pooled with the 95 % interval over groups."""

    folds: tuple[Fold, ...]
    pooled: Interval
    count: int
    groups: int

    def as_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        pooled = {
            "accuracy": self.pooled.value,
            "low": self.pooled.low,
            "high": self.pooled.high,
            "count": self.count,
            "groups": self.groups,
        }
        return {"folds": [fold._asdict() for fold in self.folds], "pooled": pooled}

    def __str__(self) -> str:
        lines = [f"fold {one.fold}: {one.accuracy:.3f} of {one.count}" for one in self.folds]
        interval = (
            ""
            if self.pooled.low is None
            else f", 95 % interval over {self.groups} groups {self.pooled.low:.3f} to {self.pooled.high:.3f}"
        )
        return "\n".join([*lines, f"pooled: {self.pooled.value:.3f} of {self.count}{interval}"])


def cross_validate(
    config: str | Path, folder: str | Path, folds: int, *, overrides: Iterable[str] = ()
) -> CrossValidation:
    """Trains fold k into `folder/fold-k`; goes on with a fold that was stopped, and passes over one that is finished.

    Arguments:
        config: of the task activity, with a source that takes `folds` and `fold`. overrides: `section.key=value`, for all folds.

    Raises:
        ConfigError, DataError, RunError: as `train`; RunError also where a fold's predictions are not those of its test clips.
    """
    if folds < 3:
        raise ArgumentError(
            f"folds: expected at least 3 (training, dev, test). Received: folds={folds}."
        )
    overrides = list(overrides)
    # All are read before the first is trained: a mistake shows at once.
    settings = [
        configs.read(config, [*overrides, f"data.source.folds={folds}", f"data.source.fold={fold}"])
        for fold in range(folds)
    ]
    runs = [Run(Path(folder) / f"fold-{fold}") for fold in range(folds)]
    for run, setting in zip(runs, settings, strict=True):
        run.check(setting, resume=True)
    for run, setting in zip(runs, settings, strict=True):
        if not finished(run):
            train(setting, run.folder, resume=True)
    return pool([predictions(run) for run in runs])


def finished(run: Run) -> bool:
    """Whether training has come to its end: the report is written last."""
    return all(
        (run / name).exists() for name in ("predictions.jsonl", "scores.json", "report.html")
    )


def predictions(run: Run) -> list[dict[str, Any]]:
    """The rows of `predictions.jsonl`: `id`, `label`, `truth`, `group`.

    Raises:
        RunError: they are of another split, or not of a classifier.
    """
    try:
        split = json.loads((run / "scores.json").read_text(encoding="utf-8")).get("split")
        rows = [
            json.loads(line)
            for line in (run / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
        ]
    except (OSError, ValueError) as error:
        raise RunError(
            f"{run.folder}: expected the predictions of a finished run. Received: {error}."
        ) from error
    if split != "test" or not rows:
        raise RunError(
            f"{run.folder}: expected predictions of the split test. Received: {len(rows)} of the split {split}; evaluate the run on test again."
        )
    if not all(row.keys() >= {"id", "label", "truth", "group"} for row in rows):
        raise RunError(
            f"{run.folder}: expected predictions of a classifier, with id, label, truth and group. Received: {', '.join(rows[0])}."
        )
    return rows


def pool(folds: Iterable[list[dict[str, Any]]]) -> CrossValidation:
    """The accuracy of each fold's rows and of all together.

    Raises:
        RunError: a clip stands in two folds.
    """
    folds = list(folds)
    rows = [row for fold in folds for row in fold]
    seen: set[str] = set()
    for row in rows:
        if row["id"] in seen:
            raise RunError(
                f"{row['id']}: expected each clip in the test split of one fold. Received: two; the folds were trained on different data."
            )
        seen.add(row["id"])
    right = [[float(row["label"] == row["truth"]) for row in fold] for fold in folds]
    groups = [row["group"] for row in rows]
    scores = tuple(
        Fold(number, sum(values) / len(values), len(values)) for number, values in enumerate(right)
    )
    return CrossValidation(
        scores,
        group_interval([value for values in right for value in values], groups)._replace(
            metric="top_1"
        ),
        len(rows),
        len(set(groups)),
    )
