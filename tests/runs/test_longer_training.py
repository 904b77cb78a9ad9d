"""The state from which a resumed run continues, possibly with more epochs than before."""

import json

import numpy as np
import pytest

from lrcn_seq import config
from lrcn_seq.runs.folder import HISTORY, WEIGHTS, Run
from lrcn_seq.runs.longer_training import (
    continued_position,
    description,
    restarted_state,
    resumed_state,
)
from lrcn_seq.runs.state import Position, TrainingState

SPEC = {
    "task": {"type": "captioning"},
    "data": {"source": {"type": "shapes"}},
    "encoder": {"type": "tiny_cnn"},
    "decoder": {"type": "lrcn"},
}
ROWS = [
    {"stage": 0, "epoch": number, "loss": 1.0, "cider": score, "best": best}
    for number, (score, best) in enumerate([(0.1, True), (0.3, True), (0.2, False)])
]


def settings(**training) -> config.Config:
    """Return a config with three epochs, a patience of 5, and the given keys of `training`."""
    return config.validate({**SPEC, "training": {"epochs": 3, "patience": 5, **training}})


@pytest.fixture
def finished(tmp_path) -> Run:
    """Return a run of three epochs without a state."""
    run = Run(tmp_path / "run")
    run.folder.mkdir()
    run.create(settings())
    (run / HISTORY).write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (run / WEIGHTS).write_text("")
    return run


def resume(run: Run, before, after):
    """Return the state of a run that is resumed with another config."""
    return resumed_state(run, before, after, monitor="cider", minimized=False)


def test_finished_run_is_not_trained_with_the_same_config(finished):
    """With unchanged epochs, a finished run without a state has no state to continue from."""
    assert finished.is_finished
    assert resume(finished, settings(), settings(keep_state=True)) is None


def test_finished_run_continues_from_its_best_weights(finished, capsys):
    """With more epochs, a state without arrays is saved, and a message states the consequences."""
    state = resume(finished, settings(), settings(epochs=5))
    assert state == finished.states.read()
    assert state.new_stage
    assert state.position == Position(epoch=3, number=1, best=0.3, waited=1, first_epoch=3)
    assert state.history == ROWS
    message = capsys.readouterr().err
    assert "epoch 4 of 5 continues from the best weights (epoch 2) with a new optimizer" in message
    assert "differ from those of one training of 5 epochs, and may be worse at first" in message


def test_last_weights_are_named_if_they_are_kept(finished, capsys):
    """A run without `restore_best_weights` continues from its last epoch, which is stated."""
    last = {"restore_best_weights": False}
    resume(finished, settings(**last), settings(**last, epochs=5))
    assert "continues from the last weights (epoch 3) with a new" in capsys.readouterr().err


def test_minimized_score_is_negated(finished):
    """In a state, the best value of a score that is minimized is negated."""
    assert restarted_state(ROWS, "loss", minimized=True).position.best == -1.0


def test_kept_state_continues_exactly(finished, capsys):
    """A kept state is returned unchanged, and the message says that training simply goes on."""
    kept = TrainingState({"model/0": np.ones(2)}, Position(epoch=3, number=7, best=0.3), ROWS)
    finished.states.write(kept)
    state = resume(finished, settings(), settings(epochs=5))
    assert state.position == kept.position
    assert "from the last state, as one training of 5 epochs does." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("before", "after", "stopped"), [(1, 1, True), (1, 3, False), (1, 0, False), (5, 1, True)]
)
def test_stopped_training_needs_more_patience(before, after, stopped):
    """A run continues if its new patience is 0, or larger than the epochs since the best one."""
    position = Position(epoch=3, waited=1, stopped=before == 1)
    assert continued_position(position, before, after).stopped is stopped


def test_diverged_training_is_not_continued():
    """A run that stopped before its patience ended has diverged, and stays stopped."""
    assert continued_position(Position(epoch=3, waited=1, stopped=True), 5, 9).stopped


def test_changed_patience_is_saved(finished):
    """If a larger patience lets a stopped run continue, the changed state is saved at once."""
    arrays = {"model/0": np.ones(2)}
    position = Position(epoch=3, number=7, waited=1, stopped=True)
    finished.states.write(TrainingState(arrays, position, ROWS))
    resume(finished, settings(patience=1), settings(patience=4, epochs=5))
    assert finished.states.read().position == position._replace(number=8, stopped=False)


@pytest.mark.parametrize(
    ("position", "training", "phrase"),
    [
        (
            Position(epoch=3, waited=2, stopped=True),
            {"epochs": 9},
            "Raise training.patience as well",
        ),
        (Position(epoch=3), {"epochs": 3}, "all 3 epochs are finished."),
        (
            Position(epoch=3),
            {"epochs": 9, "schedule": {"type": "cosine"}},
            "the cosine schedule now ends after epoch 9. The weights differ",
        ),
        (
            Position(epoch=3),
            {"epochs": 9, "schedule": {"type": "cosine", "updates": 50}},
            "as one training of 9 epochs does.",
        ),
    ],
)
def test_what_changes_is_described(position, training, phrase):
    """The message says whether training continues, and equals one uninterrupted training."""
    state = TrainingState({}, position, ROWS)
    assert phrase in description(state, settings(**training), restarted=False)
