"""Learning rate schedules compared with values computed by hand."""

import keras
import numpy as np
import pytest

from lrcn_seq.config.schema import Schedule
from lrcn_seq.training.learning_rate import WarmupSchedule, learning_rate


def rates(schedule, steps) -> list[float]:
    """Return the rounded learning rates at batch indices."""
    return [round(float(schedule(step)), 6) for step in steps]


def test_a_constant_rate_is_a_number():
    """A constant learning rate without warmup is a plain number instead of a schedule."""
    assert learning_rate(0.4, Schedule(), 100) == 0.4


def test_warmup_rises_linearly_to_the_rate():
    """During warmup, the rate rises linearly from (base rate) / `warmup` to the base rate."""
    schedule = learning_rate(0.4, Schedule(warmup=4), 100)
    assert rates(schedule, range(6)) == [0.1, 0.2, 0.3, 0.4, 0.4, 0.4]


def test_steps_multiply_the_rate():
    """The `steps` schedule multiplies the learning rate by `factor` after every `every` updates."""
    schedule = learning_rate(0.4, Schedule(type="steps", every=10, factor=0.5), 100)
    assert rates(schedule, (0, 9, 10, 19, 20, 25)) == [0.4, 0.4, 0.2, 0.2, 0.1, 0.1]


def test_a_cosine_falls_from_the_warmup_to_the_floor():
    """The cosine schedule falls from the end of the warmup to `floor` and stays there."""
    schedule = learning_rate(1.0, Schedule(type="cosine", warmup=10, floor=0.1), 110)
    quarter = 0.1 + 0.9 * (1 + np.sqrt(0.5)) / 2
    expected = [0.1, 1.0, 1.0, round(quarter, 6), 0.55, 0.1, 0.1]
    assert rates(schedule, (0, 9, 10, 35, 60, 110, 500)) == expected


def test_the_length_of_a_cosine_may_be_set():
    """`updates` sets the length of the cosine schedule; the default is the length of the stage."""
    schedule = learning_rate(1.0, Schedule(type="cosine", updates=20), 110)
    assert rates(schedule, (0, 10, 20)) == [1.0, 0.5, 0.0]


def test_accumulated_batches_are_one_update():
    """A schedule counts updates; with gradient accumulation, an update takes several batches."""
    schedule = learning_rate(0.4, Schedule(type="steps", every=10, factor=0.5), 100, accumulation=4)
    assert rates(schedule, (39, 40)) == [0.4, 0.2]


@pytest.mark.parametrize("kind", ["constant", "steps", "cosine"])
def test_schedules_are_serializable(kind):
    """A schedule that is restored from its serialized config gives the same learning rates."""
    schedule = learning_rate(0.4, Schedule(type=kind, warmup=3, every=5), 20, accumulation=2)
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(schedule))
    assert isinstance(restored, WarmupSchedule)
    assert rates(restored, range(0, 50, 7)) == rates(schedule, range(0, 50, 7))


@pytest.mark.parametrize("kind", ["steps", "cosine"])
def test_lengths_may_be_shares_of_all_updates(kind):
    """Floats are shares of all updates; they give the same schedule as the numbers of updates."""
    shares = Schedule(type=kind, warmup=0.05, every=0.25, updates=0.5)
    numbers = Schedule(type=kind, warmup=10, every=50, updates=100)
    steps = range(0, 200, 7)
    by_share = rates(learning_rate(0.4, shares, 200), steps)
    assert by_share == rates(learning_rate(0.4, numbers, 200), steps)
