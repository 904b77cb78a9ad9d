"""Capturing and restoring the training state."""

import keras
import numpy as np
import pytest

from lrcn_seq.errors import RunError
from lrcn_seq.training import snapshot as snapshots
from lrcn_seq.training.snapshot import Snapshot, assign_state, assign_variables, variable_groups
from tests.training.small_runs import small_task, small_trainer


@pytest.fixture
def task(tmp_path):
    """Return a compiled task with dropout and averaged weights."""
    changes = {"decoder.dropout": 0.5, "training.optimizer.ema_momentum": 0.5}
    return small_trainer(small_task(tmp_path, **changes), tmp_path).task


def make_snapshot(task, *, seconds=1e9, save=lambda arrays, step: None, begin=lambda epoch: None):
    """Return the snapshot callback of a task."""
    snapshot = Snapshot(save, seconds, begin)
    snapshot.set_model(task)
    return snapshot


def all_variables(task) -> list:
    """Return all variables of a task, its optimizer and its loss metric."""
    losses = [metric for metric in task.metrics if metric.name == "loss"]
    return [*task.variables, *task.optimizer.variables, *losses[0].variables]


def values_of(variables) -> list[np.ndarray]:
    """Return copies of the values of variables."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def change(variables) -> None:
    """Change the value of every variable."""
    for variable in variables:
        variable.assign(keras.ops.cast(keras.ops.add(variable.value, 1), variable.dtype))


def test_a_snapshot_restores_every_variable(task):
    """A snapshot restores the weights, dropout seeds, optimizer variables and running loss."""
    variables = all_variables(task)
    change(variables)
    before, arrays = values_of(variables), make_snapshot(task).capture()
    assert len(arrays) == len(variables)
    assert any("seed" in variable.path for variable in task.variables)
    change(variables)
    assign_state(task, arrays, running_loss=True)
    for value, expected in zip(values_of(variables), before, strict=True):
        np.testing.assert_array_equal(value, expected)


def test_a_snapshot_is_independent_of_later_training(task):
    """Further training does not change the arrays of a snapshot."""
    arrays = make_snapshot(task).capture()
    before = {name: array.copy() for name, array in arrays.items()}
    change(all_variables(task))
    assert all(np.array_equal(arrays[name], before[name]) for name in before)


@pytest.mark.parametrize(("step", "loss"), [(0, "reset"), (2, "captured")])
def test_the_running_loss_is_restored_within_an_epoch(task, step, loss):
    """The running loss is restored within an epoch, but not at the start of a new epoch."""
    running = variable_groups(task)["running"]
    change(running)
    captured = values_of(running)
    snapshot = make_snapshot(task)
    snapshot.arrays, snapshot.step = snapshot.capture(), step
    change(running)
    reset = values_of(running)
    snapshot.on_epoch_begin(0)
    expected = captured if loss == "captured" else reset
    for value, number in zip(values_of(running), expected, strict=True):
        np.testing.assert_array_equal(value, number)


def test_an_epoch_begins_after_the_state_is_assigned(task):
    """The `begin` callback of an epoch runs after the snapshot is restored."""
    snapshot = make_snapshot(task, begin=lambda epoch: task.own_words.assign(0.1 * epoch))
    snapshot.arrays = snapshot.capture()
    snapshot.on_epoch_begin(3)
    assert float(task.own_words) == pytest.approx(0.3)


def test_steps_are_counted_from_the_resumed_batch(task):
    """Batches of a resumed epoch are counted from the batch at which it resumes."""
    steps = []
    snapshot = make_snapshot(task, seconds=0, save=lambda arrays, step: steps.append(step))
    snapshot.step = 2
    snapshot.on_epoch_begin(0)
    snapshot.on_train_batch_end(0)
    snapshot.on_train_batch_end(1)
    assert steps == [3, 4]


def test_states_are_saved_at_intervals(task, monkeypatch):
    """A state is saved after the first batch that ends at least `seconds` after the last save."""
    clock = iter(range(0, 1000, 4))
    time = [0]
    monkeypatch.setattr(snapshots.time, "monotonic", lambda: time[0])
    steps = []
    snapshot = make_snapshot(task, seconds=10, save=lambda arrays, step: steps.append(step))
    snapshot.on_epoch_begin(0)
    for batch in range(7):
        time[0] = next(clock)
        snapshot.on_train_batch_end(batch)
    assert steps == [4, 7]


@pytest.mark.parametrize(("duration", "expected"), [(1, [30, 61]), (3, [30, 93])])
def test_long_saves_are_less_frequent(task, monkeypatch, duration, expected):
    """By default, states are saved every 30 seconds, or after 20 times the duration of a save."""
    clock, saved = [0], []
    monkeypatch.setattr(snapshots.time, "monotonic", lambda: clock[0])

    def save(arrays, step):
        saved.append(clock[0])
        clock[0] += duration

    snapshot = make_snapshot(task, seconds=None, save=save)
    for batch in range(100):
        clock[0] += 1
        snapshot.on_train_batch_end(batch)
    assert saved[:2] == expected


def test_an_urgent_state_is_saved_after_the_next_batch(task):
    """An urgent state is saved after the next batch, even if the interval has not passed."""
    steps, urgent = [], False
    snapshot = make_snapshot(task, save=lambda arrays, step: steps.append(step))
    snapshot.is_urgent = lambda: urgent
    snapshot.on_train_batch_end(0)
    urgent = True
    snapshot.on_train_batch_end(1)
    assert steps == [2]


def test_the_end_of_an_epoch_is_captured(task):
    """The snapshot at the end of an epoch is taken before `fit` averages the weights."""
    snapshot = make_snapshot(task)
    change(task.variables)
    snapshot.on_epoch_end(0)
    expected = {f"model/{index}": value for index, value in enumerate(values_of(task.variables))}
    change(task.variables)
    for name, value in expected.items():
        np.testing.assert_array_equal(snapshot.arrays[name], value)


@pytest.mark.parametrize(
    ("arrays", "received"),
    [({}, "no array"), ({"model/0": np.zeros((2, 3))}, r"shape \(2, 3\)")],
)
def test_a_state_of_another_model_is_an_error(arrays, received):
    """A state whose arrays do not fit the model raises an error with both shapes."""
    variable = keras.Variable(np.zeros((2, 2)), name="kernel")
    message = rf"kernel of shape \(2, 2\)\. Received: {received}; resume with the versions"
    with pytest.raises(RunError, match=message):
        assign_variables([variable], arrays, "model")
