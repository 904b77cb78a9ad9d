"""A note on runs whose training has not finished."""

from __future__ import annotations

from pathlib import Path

from lrcn_seq import config as configs
from lrcn_seq.errors import RunError
from lrcn_seq.runs.folder import CONFIG, Run
from lrcn_seq.runs.state import Position
from lrcn_seq.runs.training_end import best_row
from lrcn_seq.terminal import print_note


def note_unfinished(folder: str | Path) -> None:
    """Print a note if the training of a run has not finished.

    Args:
        folder: the folder of a run with weights.

    Raises:
        ConfigError: the config of the run is damaged.
    """
    run = Run(folder)
    try:
        position, history = run.states.read_position(), run.history()
    except RunError:  # damaged, or just removed by the training; predictions need neither
        return
    if position is None or not history:
        return
    stages = configs.stage_configs(configs.read_run(run / CONFIG))
    last = len(stages) - 1
    training = stages[min(position.stage, last)].training
    epochs = int(training.epochs)
    if position.stage >= last and (position.stopped or position.epoch >= epochs):
        return
    kept = best_row(history) if training.restore_best_weights is not False else history[-1]
    weights = f"; its weights are those of epoch {kept['epoch'] + 1}" if kept else ""
    print_note(
        f"{run.folder}: training has not finished: {_progress(position, epochs, len(stages))} "
        f"trained{weights}. Continue it with `lrcn train CONFIG --run {run.folder} --resume`, "
        "unless another process is training it."
    )


def _progress(position: Position, epochs: int, stages: int) -> str:
    """Return the number of trained epochs, and the stage if there are several."""
    stage = f" of stage {position.stage + 1} of {stages}" if stages > 1 else ""
    return f"{position.epoch} of {epochs} epochs{stage} are"
