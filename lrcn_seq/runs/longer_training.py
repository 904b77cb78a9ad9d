"""The state from which a resumed run continues, also with more epochs than it began with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lrcn_seq.config import Config
from lrcn_seq.runs.folder import Run
from lrcn_seq.runs.state import Position, TrainingState
from lrcn_seq.runs.training_end import best_row
from lrcn_seq.terminal import print_note


def resumed_state(
    run: Run, before: Config, after: Config, *, monitor: str, minimized: bool
) -> TrainingState | None:
    """Return the state from which a run continues, and print what a change of epochs means.

    A state that differs from the saved one is saved, so that an interrupted run continues from it.

    Args:
        run: a run that has begun.
        before: the config of the run.
        after: the config with which it is resumed.
        monitor: the dev score that selects the best weights.
        minimized: whether lower values of this score are better.

    Returns:
        The state; None for a finished run without a state if the config is the same.
    """
    keys = ("epochs", "patience")
    is_longer = any(getattr(before.training, k) != getattr(after.training, k) for k in keys)
    saved = run.states.read()
    if not is_longer:
        return saved
    state = saved or restarted_state(run.history(), monitor, minimized=minimized)
    position = continued_position(
        state.position, int(before.training.patience), int(after.training.patience)
    )
    if saved is None or position != state.position:
        state = state._replace(position=position._replace(number=position.number + 1))
        run.states.write(state)
    print_note(f"{run.folder}: {description(state, after, restarted=saved is None)}")
    return state


def restarted_state(
    history: Sequence[Mapping[str, Any]], monitor: str, *, minimized: bool
) -> TrainingState:
    """Return a state that continues from the saved weights of a finished run with a new optimizer.

    Args:
        history: the rows of all epochs.
        monitor: the dev score that selects the best weights.
        minimized: whether lower values of this score are better.
    """
    stage = int(history[-1]["stage"]) if history else 0
    rows = [row for row in history if row["stage"] == stage]
    best = best_row(rows)
    sign = -1 if minimized else 1
    position = Position(
        stage=stage,
        epoch=len(rows),
        best=None if best is None else sign * float(best[monitor]),
        waited=0 if best is None else len(rows) - 1 - int(best["epoch"]),
        first_epoch=len(rows),
        best_loss=None if best is None else best.get("dev_loss"),
    )
    return TrainingState({}, position, [dict(row) for row in history], new_stage=True)


def continued_position(position: Position, before: int, after: int) -> Position:
    """Return a position whose `stopped` is updated for a new patience.

    Args:
        position: the position of the last state.
        before: the patience with which the run was trained.
        after: the patience with which it continues.
    """
    has_diverged = position.stopped and not 0 < before <= position.waited
    return position._replace(stopped=has_diverged or 0 < after <= position.waited)


def description(state: TrainingState, config: Config, *, restarted: bool) -> str:
    """Return a phrase on how a longer training continues, and whether its weights will differ."""
    position, epochs = state.position, int(config.training.epochs)
    if position.stopped:
        return (
            f"training stays stopped after epoch {position.epoch}, {position.waited} epochs after "
            "the best one. Raise training.patience as well to continue."
        )
    if position.epoch >= epochs:
        return f"all {epochs} epochs are finished."
    begin = f"epoch {position.epoch + 1} of {epochs} continues from"
    if restarted:
        by_best = config.training.restore_best_weights is not False
        kept = position.epoch - position.waited if by_best else position.epoch
        return (
            f"{begin} the {'best' if by_best else 'last'} weights (epoch {kept}) with a new "
            "optimizer and schedule, since the run kept no training state. The weights differ from "
            f"those of one training of {epochs} epochs, and may be worse at first, since the "
            "schedule begins again; training.keep_state=true keeps the state of a run."
        )
    schedule = config.training.schedule
    if schedule.type == "cosine" and not schedule.updates:
        return (
            f"{begin} the last state, and the cosine schedule now ends after epoch {epochs}. The "
            f"weights differ from those of one training of {epochs} epochs."
        )
    return f"{begin} the last state, as one training of {epochs} epochs does."
