"""The end of a training stage as data and as a sentence."""

import pytest

from lrcn_seq.config.schema import Training
from lrcn_seq.errors import RunError
from lrcn_seq.runs.folder import ENDS, Run
from lrcn_seq.runs.state import Position
from lrcn_seq.runs.training_end import TrainingEnd, best_row, read_ends, training_end, write_end

TRAINING = Training(batch_size=1, epochs=5, patience=2, restore_best_weights=True)


def rows(*best, stage=0):
    """Return a history whose epochs have the given `best` flags, and scores 0.1, 0.2 and so on."""
    return [
        {"stage": stage, "epoch": epoch, "cider": (epoch + 1) / 10, "best": flag}
        for epoch, flag in enumerate(best)
    ]


@pytest.mark.parametrize(
    ("position", "reason", "sentence"),
    [
        (Position(epoch=3), "epochs", "Training ended after all 5 epochs."),
        (
            Position(epoch=3, waited=2, stopped=True),
            "patience",
            "Training stopped after epoch 3 of 5: 2 epochs without a better dev cider "
            "(training.patience).",
        ),
        (
            Position(epoch=3, waited=1, stopped=True, diverged=True),
            "diverged",
            "Training stopped after epoch 3 of 5: it diverged.",
        ),
        (
            Position(epoch=3, waited=1, stopped=True, collapsed=True),
            "collapsed",
            "Training stopped after epoch 3 of 5: most dev captions became the same; a lower "
            "training.optimizer.learning_rate may help.",
        ),
        (
            Position(epoch=3, waited=1, stopped=True),
            "callback",
            "Training stopped after epoch 3 of 5: a Keras callback stopped it.",
        ),
    ],
)
def test_the_reason_is_stated(position, reason, sentence):
    """The reason is the last epoch, patience, divergence or a callback."""
    end = training_end(TRAINING, position, rows(True, False, False), "cider")
    assert (end.reason, end.epochs, end.planned_epochs) == (reason, 3, 5)
    assert str(end).startswith(sentence)


@pytest.mark.parametrize(("best", "hint"), [(1, True), (2, True), (3, False)])
def test_a_kept_epoch_at_the_beginning_has_a_hint(best, hint):
    """If patience ends training and keeps one of the first two epochs, the message says so."""
    flags = [number <= best for number in range(1, best + 3)]
    position = Position(epoch=best + 2, waited=2, stopped=True)
    end = training_end(TRAINING, position, rows(*flags), "cider")
    assert end.kept_epoch == best
    assert ("has hardly learned" in str(end)) == hint


def test_the_best_epoch_is_kept():
    """The kept epoch is the last one that was the best so far."""
    end = training_end(TRAINING, Position(), rows(True, True, False), "cider")
    assert (end.kept_epoch, end.kept_by, end.score) == (2, "best", 0.2)
    assert str(end).endswith("keeps the weights of epoch 2, the best by dev cider 0.2.")


def test_the_last_epoch_is_kept_without_restoring():
    """Without `restore_best_weights`, the kept epoch is the last one."""
    training = TRAINING.model_copy(update={"restore_best_weights": False})
    end = training_end(training, Position(), rows(True, False, False), "cider")
    assert (end.kept_epoch, end.kept_by, end.score) == (3, "last", 0.3)
    assert str(end).endswith("keeps the weights of epoch 3, the last one, with dev cider 0.3.")


def test_a_stage_without_a_better_epoch_keeps_the_weights_of_the_previous_stage():
    """A better epoch of an earlier stage does not count for the stage that ends."""
    history = [*rows(True, True), *rows(False, stage=1)]
    end = training_end(TRAINING, Position(stage=1), history, "cider")
    assert (end.epochs, end.kept_epoch) == (1, None)
    assert "weights of the previous stage" in str(end)


def test_the_best_row_is_the_last_improvement():
    """The best row is that of the last epoch with a better score, or None before the first one."""
    history = rows(True, True, False)
    assert best_row(history) is history[1]
    assert best_row([]) is best_row(rows(False)) is None


def test_the_ends_of_stages_are_read_in_order(tmp_path):
    """Writing the end of a stage again replaces it and the ends of later stages."""
    run = Run(tmp_path)
    assert read_ends(run) == []
    ends = [TrainingEnd(n, "epochs", 3, 3, 2, "best", "cider", 0.5, 0) for n in range(2)]
    for end in (*ends, ends[1]):
        write_end(run, end)
    assert read_ends(run) == ends


def test_a_damaged_file_is_refused(tmp_path):
    """The error for damaged records of stage ends names their file."""
    (tmp_path / ENDS).write_text('[{"stage": 0}]')
    with pytest.raises(RunError, match=ENDS):
        read_ends(Run(tmp_path))
