"""Keras callbacks of the user in training."""

import csv
import importlib.util
import json
from types import SimpleNamespace

import keras
import pytest

from lrcn_seq.errors import ConfigError, MissingPackageError
from lrcn_seq.training import train
from lrcn_seq.training.user_callbacks import UserCallbacks, build_callbacks
from tests.training.small_runs import Interrupt, small_config


class Record(keras.callbacks.Callback):
    """A callback that records its events, and interrupts training before epoch `interrupt_at`."""

    def __init__(self, interrupt_at=None):
        super().__init__()
        self.events, self.interrupt_at = [], interrupt_at

    def on_train_begin(self, logs=None):
        self.events.append("begin")

    def on_epoch_begin(self, epoch, logs=None):
        self.events.append(("epoch", epoch))
        if epoch == self.interrupt_at:
            raise Interrupt

    def on_train_batch_end(self, batch, logs=None):
        self.events.append(("batch", batch))

    def on_epoch_end(self, epoch, logs=None):
        self.events.append(("end", epoch, sorted(logs)))

    def on_train_end(self, logs=None):
        self.events.append("finished")


class HalveRate(keras.callbacks.Callback):
    """A callback that halves the learning rate after every epoch."""

    def on_epoch_end(self, epoch, logs=None):
        self.model.optimizer.learning_rate = float(self.model.optimizer.learning_rate) / 2


def model_with_rate(rate):
    """Return an object with the attributes of a compiled model that callbacks use."""
    return SimpleNamespace(optimizer=SimpleNamespace(learning_rate=rate), stop_training=False)


def test_callbacks_see_one_training(tmp_path):
    """Callbacks see one training with all its epochs, and the dev scores of each."""
    record = Record()
    run = train(small_config(tmp_path), tmp_path / "run", callbacks=[record])
    epochs = [event for event in record.events if event[0] in ("epoch", "end")]
    assert record.events[0] == "begin"
    assert record.events[-1] == "finished"
    assert record.events.count("begin") == record.events.count("finished") == 1
    assert [event[:2] for event in epochs] == [("epoch", 0), ("end", 0), ("epoch", 1), ("end", 1)]
    assert {"loss", "learning_rate", "val_bleu_1"} <= set(epochs[1][2])
    assert len(run.history()) == 2


def test_a_changed_learning_rate_is_kept_and_resumed(tmp_path):
    """A learning rate that a callback changes stays in later epochs, also of a resumed run."""
    changes = {"training.epochs": 3, "training.callbacks": ["CSVLogger"]}
    whole = train(small_config(tmp_path, **changes), tmp_path / "whole", callbacks=[HalveRate()])
    with pytest.raises(Interrupt):
        train(
            small_config(tmp_path, **changes),
            tmp_path / "run",
            callbacks=[HalveRate(), Record(interrupt_at=2)],
        )
    run = train(
        small_config(tmp_path, **changes), tmp_path / "run", resume=True, callbacks=[HalveRate()]
    )
    assert run.history() == whole.history()
    logs = [list(csv.DictReader((one / "log.csv").open())) for one in (whole, run)]
    assert logs[0] == logs[1]
    assert [float(row["learning_rate"]) for row in logs[0]] == pytest.approx([0.01, 0.005, 0.0025])


def test_a_callback_stops_the_training(tmp_path):
    """Early stopping by a callback of the config ends the training."""
    stop = {"type": "EarlyStopping", "monitor": "val_bleu_1", "mode": "max", "min_delta": 9}
    changes = {"training.epochs": 5, "training.callbacks": [stop]}
    run = train(small_config(tmp_path, **changes), tmp_path / "run")
    assert len(run.history()) == 2


def test_the_state_of_a_callback_is_continued():
    """The attributes that a callback has changed are part of the state and are restored."""
    callbacks = UserCallbacks(
        [keras.callbacks.ReduceLROnPlateau("val_x", patience=5, mode="min")], 9
    )
    callbacks.begin(model_with_rate(0.5))
    for epoch, score in enumerate([1.0, 2.0, 2.0]):
        assert callbacks.end_epoch(epoch, 0.0, {"x": score}) is False
    state = json.loads(json.dumps(callbacks.state))
    assert {"best": 1.0, "wait": 2}.items() <= state[0].items()
    other = UserCallbacks([keras.callbacks.ReduceLROnPlateau("val_x", patience=5, mode="min")], 9)
    other.begin(model_with_rate(0.5), state)
    assert (other.callbacks[0].best, other.callbacks[0].wait) == (1.0, 2)


def test_batches_of_a_resumed_epoch_keep_their_numbers():
    """After a resumed epoch begins at step 3, its first batch is number 3."""
    record = Record()
    callbacks = UserCallbacks([record], 1)
    callbacks.begin(model_with_rate(0.1))
    callbacks.begin_epoch(0, 3)
    callbacks.on_train_batch_end(0, {"loss": 1.0})
    assert record.events[-1] == ("batch", 3)


def test_logs_are_written_into_the_run(tmp_path, monkeypatch):
    """`CSVLogger` and `TensorBoard` write into the run folder unless arguments say otherwise."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    own = {"type": "CSVLogger", "filename": "mine.csv"}
    table, board, mine = build_callbacks(["CSVLogger", "TensorBoard", own], tmp_path, 1)
    assert table.filename == str(tmp_path / "log.csv")
    assert board.log_dir == str(tmp_path / "tensorboard" / "stage-2")
    assert mine.filename == "mine.csv"


def test_unknown_callbacks_and_arguments_are_reported(tmp_path):
    """All problems of the callbacks of a config are reported at once."""
    with pytest.raises(ConfigError) as caught:
        build_callbacks(["CSVLoger", {"type": "EarlyStopping", "patence": 3}, {}], tmp_path)
    lines = caught.value.details
    assert len(lines) == 3
    assert "training.callbacks.0: expected the name" in lines[0]
    assert "CSVLogger" in lines[0]
    assert "patence" in lines[1]


def test_a_missing_tensorboard_is_reported(tmp_path, monkeypatch):
    """The error for the missing package tensorboard names the extra that installs it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"\[logs\]"):
        build_callbacks(["TensorBoard"], tmp_path)
