"""The note on runs whose training has not finished."""

import json

import pytest

from lrcn_seq import config
from lrcn_seq.runs.folder import Run
from lrcn_seq.runs.state import Position, TrainingState
from lrcn_seq.runs.unfinished_training import note_unfinished

SPEC = {
    "task": {"type": "captioning"},
    "data": {"source": {"type": "shapes"}},
    "encoder": {"type": "tiny_cnn"},
    "decoder": {"type": "lrcn"},
    "training": {"epochs": 8},
}
HISTORY = [{"stage": 0, "epoch": epoch, "best": epoch == 1} for epoch in range(3)]


@pytest.fixture
def write_run(tmp_path):
    """Return a function that writes a run with a config, a history and a position."""

    def write(position: Position | None, **changes) -> Run:
        run = Run(tmp_path)
        text = config.dump_run(config.state_keys(config.validate({**SPEC, **changes})))
        (tmp_path / "config.yaml").write_text(text)
        run.write_history(HISTORY)
        if position is not None:
            run.states.write(TrainingState({}, position, HISTORY))
        return run

    return write


def test_a_stopped_training_is_noted(write_run, capsys):
    """The note gives the number of trained epochs, the epoch of the weights, and the command."""
    run = write_run(Position(epoch=3, number=1), training={"epochs": 8, "patience": 4})
    note_unfinished(run.folder)
    assert capsys.readouterr().err == (
        f"{run.folder}: training has not finished: 3 of 8 epochs are trained; its weights are "
        f"those of epoch 2. Continue it with `lrcn train CONFIG --run {run.folder} --resume`, "
        "unless another process is training it.\n"
    )


def test_weights_of_the_last_epoch_are_named(write_run, capsys):
    """A run that keeps the weights of its last epoch predicts with those."""
    write = {"epochs": 8, "restore_best_weights": False}
    note_unfinished(write_run(Position(epoch=3, number=1), training=write).folder)
    assert "its weights are those of epoch 3." in capsys.readouterr().err


def test_the_stage_is_named_if_there_are_several(write_run, capsys):
    """In a training of several stages, the note says which stage has not finished."""
    stages = [{}, {"training.epochs": 4}]
    note_unfinished(write_run(Position(stage=1, epoch=2, number=1), stages=stages).folder)
    assert "2 of 4 epochs of stage 2 of 2 are trained" in capsys.readouterr().err


@pytest.mark.parametrize(
    "position",
    [None, Position(epoch=8, number=1), Position(epoch=3, number=1, stopped=True)],
)
def test_a_finished_training_is_not_noted(write_run, capsys, position):
    """A run without a state, with all epochs, or that stopped by itself has no note."""
    note_unfinished(write_run(position).folder)
    assert capsys.readouterr().err == ""


def test_a_damaged_state_does_not_prevent_predictions(write_run, capsys):
    """A run whose state is damaged has no note and no error."""
    run = write_run(Position(epoch=3, number=1))
    (run / "state" / "000001" / "meta.json").write_text(json.dumps([]))
    note_unfinished(run.folder)
    assert capsys.readouterr().err == ""
