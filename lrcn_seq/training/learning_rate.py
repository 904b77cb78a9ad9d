"""Learning rate schedules with a linear warmup, which count updates instead of batches.

The schedules of Keras count batches, and their warmup starts at a learning rate of 0; both would
change the published recipes.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from lrcn_seq.config.schema import Schedule
from lrcn_seq.config.sizing import count_updates
from lrcn_seq.records import Tensor


def learning_rate(
    rate: float, schedule: Schedule, updates: int, accumulation: int = 1
) -> float | WarmupSchedule:
    """Return the learning rate of an optimizer.

    Args:
        rate: the base learning rate.
        schedule: the schedule of a config.
        updates: number of updates in the stage, to which the shares of the schedule apply.
        accumulation: number of batches per update.

    Returns:
        A number if the learning rate is constant, otherwise a schedule.
    """
    if schedule.type == "constant" and not schedule.warmup:
        return rate
    return WarmupSchedule(
        rate,
        schedule.type,
        warmup=count_updates(schedule.warmup, updates),
        every=max(1, count_updates(schedule.every, updates)),
        factor=schedule.factor,
        updates=count_updates(schedule.updates, updates) or updates,
        floor=schedule.floor,
        accumulation=accumulation,
    )


@keras.saving.register_keras_serializable("lrcn_seq")
class WarmupSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warmup, followed by a constant learning rate, steps, or half a cosine.

    Args:
        rate: the base learning rate.
        type: `constant`, `steps` or `cosine`.
        warmup: number of updates of the linear warmup.
        every: number of updates between two steps.
        factor: factor of the learning rate at each step.
        updates: number of updates until the end of the cosine, including the warmup.
        floor: final learning rate of the cosine, as a share of the base learning rate.
        accumulation: number of batches per update.
    """

    def __init__(
        self,
        rate: float,
        type: str,
        *,
        warmup: int,
        every: int,
        factor: float,
        updates: int,
        floor: float,
        accumulation: int = 1,
    ):
        self.rate, self.type, self.warmup = rate, type, warmup
        self.every, self.factor = every, factor
        self.updates, self.floor, self.accumulation = updates, floor, accumulation

    def __call__(self, step: Tensor) -> Tensor:
        """Return the learning rate at a step, which in Keras is the index of a batch."""
        update = ops.floor(ops.cast(step, "float32") / self.accumulation)
        if self.type == "steps":
            shape = ops.power(float(self.factor), ops.floor(update / self.every))
        elif self.type == "cosine":
            length = max(1, self.updates - self.warmup)
            share = ops.clip((update - self.warmup) / length, 0.0, 1.0)
            cosine = 0.5 * (1 + ops.cos(math.pi * share))
            shape = self.floor + (1 - self.floor) * cosine
        else:
            shape = ops.ones(())
        ramp = ops.minimum(1.0, (update + 1) / self.warmup) if self.warmup else 1.0
        return self.rate * shape * ramp

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments."""
        return dict(vars(self))
