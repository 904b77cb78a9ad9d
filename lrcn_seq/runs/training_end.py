"""The end of a training stage: why it stopped, and which epoch the run keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from lrcn_seq.config.schema import Training
from lrcn_seq.files import read_json, write_text
from lrcn_seq.runs.folder import ENDS, Run
from lrcn_seq.runs.state import Position

Reason = Literal["epochs", "patience", "diverged", "collapsed", "callback"]


EARLY = 2
"""Number of the last epoch after which a model has hardly learned."""


class TrainingEnd(NamedTuple):
    """The end of a stage.

    Attributes:
        stage: index of the stage.
        reason: `epochs` (all are trained), `patience`, `diverged`, `collapsed` (most predictions
            became the same), or `callback` (a Keras callback stopped the training).
        epochs: number of trained epochs.
        planned_epochs: number of epochs of the config.
        kept_epoch: number of the epoch whose weights the run keeps, counted from 1; None for those
            of the previous stage.
        kept_by: `best` for the epoch with the best dev score, `last` for the last epoch.
        monitor: name of the monitored dev score.
        score: its value in the kept epoch.
        patience: epochs without a better dev score before training stops.
    """

    stage: int
    reason: Reason
    epochs: int
    planned_epochs: int
    kept_epoch: int | None
    kept_by: Literal["best", "last"]
    monitor: str
    score: float | None
    patience: int

    def __str__(self) -> str:
        return f"{self._stop_sentence()} {self._kept_sentence()}"

    def _stop_sentence(self) -> str:
        if self.reason == "epochs":
            epochs = (
                "its only epoch"
                if self.planned_epochs == 1
                else f"all {self.planned_epochs} epochs"
            )
            return f"Training ended after {epochs}."
        cause = {
            "patience": f"{self.patience} epochs without a better dev {self.monitor} "
            "(training.patience)",
            "diverged": "it diverged",
            "collapsed": "most dev captions became the same; a lower "
            "training.optimizer.learning_rate may help",
            "callback": "a Keras callback stopped it",
        }[self.reason]
        return f"Training stopped after epoch {self.epochs} of {self.planned_epochs}: {cause}."

    def _kept_sentence(self) -> str:
        if self.kept_epoch is None:
            return "The run keeps the weights of the previous stage, which has the best dev score."
        score = "" if self.score is None else f" {self.score:.4g}"
        why = (
            f"the best by dev {self.monitor}{score}"
            if self.kept_by == "best"
            else f"the last one, with dev {self.monitor}{score}"
        )
        sentence = f"The run keeps the weights of epoch {self.kept_epoch}, {why}."
        if self.reason == "patience" and self.kept_epoch <= EARLY:
            sentence += (
                " The model has hardly learned by then: add samples, or set training.patience=auto,"
                " which trains all epochs if dev has few samples."
            )
        return sentence


def training_end(
    training: Training, position: Position, history: Sequence[Mapping[str, Any]], monitor: str
) -> TrainingEnd:
    """Return how the stage of a position ended.

    Args:
        training: the section `training` of the stage, without `auto`.
        position: the position after the last epoch.
        history: the rows of all epochs of the run.
        monitor: name of the monitored dev score.
    """
    rows = [row for row in history if row["stage"] == position.stage]
    by_best = training.restore_best_weights is not False
    last = rows[-1] if rows else None
    kept = best_row(rows) if by_best else last
    epochs, patience = int(training.epochs), int(training.patience)
    reason: Reason = "epochs"
    if position.diverged:
        reason = "diverged"
    elif position.collapsed:
        reason = "collapsed"
    elif position.stopped:
        reason = "patience" if 0 < patience <= position.waited else "callback"
    return TrainingEnd(
        stage=position.stage,
        reason=reason,
        epochs=len(rows),
        planned_epochs=epochs,
        kept_epoch=None if kept is None else kept["epoch"] + 1,
        kept_by="best" if by_best else "last",
        monitor=monitor,
        score=None if kept is None else kept.get(monitor),
        patience=patience,
    )


def best_row(history: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the row of the best epoch so far, or None before the first one."""
    return next((row for row in reversed(history) if row["best"]), None)


def write_end(run: Run, end: TrainingEnd) -> None:
    """Write the end of a stage after those of earlier stages."""
    ends = [*(one for one in read_ends(run) if one.stage < end.stage), end]
    rows = [one._asdict() for one in ends]
    write_text(run / ENDS, json.dumps(rows, indent=1))


def read_ends(run: Run) -> list[TrainingEnd]:
    """Read the ends of all finished stages; empty if there are none.

    Raises:
        RunError: the file is damaged.
    """
    if not (run / ENDS).exists():
        return []
    return read_json(
        run / ENDS,
        "the ends of the training stages",
        lambda rows: [TrainingEnd(**row) for row in rows],
    )
