"""A callback that captures and restores the complete state of `fit`.

The state consists of `model.variables` (weights, dropout seeds and moving statistics), the
variables of the optimizer, the running loss, and the position in the epoch. The callbacks of Keras
save neither the seeds nor the position nor the running loss. Variables are saved by index, not by
name.

Dropout seeds are variables because of `layers/dropout.py`; `runs/state.py` writes the state to
disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from lrcn_seq.errors import RunError

SAVE_SECONDS = 30.0
"""Time between two saves by default."""
SAVE_DURATIONS = 20
"""Time between two long saves by default, as a multiple of the duration of a save."""
Arrays = dict[str, np.ndarray]
"""Values of captured variables by `group/index`."""


class Snapshot(keras.callbacks.Callback):
    """A callback that captures the training state; it must be the last callback.

    The snapshot is assigned at the beginning of every epoch, in uninterrupted and resumed runs
    alike, because averaged weights overwrite the trained weights at the end of `fit`.

    Args:
        save: called with the arrays and the number of finished batches of the epoch.
        seconds: minimum time between two calls of `save`; None for `SAVE_SECONDS`, or
            `SAVE_DURATIONS` times the duration of the last call if it is longer.
        begin: called with the index of the epoch after the snapshot has been assigned.
        is_urgent: returns whether to call `save` after the next batch.
    """

    def __init__(
        self,
        save: Callable[[Arrays, int], None],
        seconds: float | None,
        begin: Callable[[int], None],
        is_urgent: Callable[[], bool] = lambda: False,
    ):
        super().__init__()
        self.save, self.seconds, self.begin, self.is_urgent = save, seconds, begin, is_urgent
        self.arrays: Arrays | None = None
        self.step = self.first = 0
        self._due = time.monotonic() + (SAVE_SECONDS if seconds is None else seconds)

    def capture(self) -> Arrays:
        """Return all variables of the state as arrays."""
        return {
            f"{group}/{index}": np.array(ops.convert_to_numpy(variable))
            for group, variables in variable_groups(self.model).items()
            for index, variable in enumerate(variables)
        }

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Assign the last snapshot to the model before an epoch begins or resumes."""
        self.first = self.step
        if self.arrays is not None:
            assign_state(self.model, self.arrays, running_loss=self.step > 0)
        self.begin(epoch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Save the state if it is urgent or due."""
        self.step = self.first + batch + 1
        if self.is_urgent() or time.monotonic() >= self._due:
            began = time.monotonic()
            self.arrays = self.capture()
            self.save(self.arrays, self.step)
            ended = time.monotonic()
            automatic = max(SAVE_SECONDS, SAVE_DURATIONS * (ended - began))
            self._due = ended + (automatic if self.seconds is None else self.seconds)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Capture the state before the end of `fit` overwrites the weights with their average."""
        self.arrays = self.capture()


def variable_groups(model: keras.Model) -> dict[str, list[keras.Variable]]:
    """Return the variables of a training state by group."""
    return {
        "model": model.variables,
        "optimizer": model.optimizer.variables,
        "running": [variable for metric in model.metrics for variable in metric.variables],
    }


def assign_state(
    model: keras.Model, arrays: Mapping[str, np.ndarray], *, running_loss: bool
) -> None:
    """Assign a captured state to a model.

    Args:
        model: a compiled model.
        arrays: the captured state.
        running_loss: whether to assign the running loss too, as for a state within an epoch.

    Raises:
        RunError: the state belongs to another model.
    """
    for group, variables in variable_groups(model).items():
        if group != "running" or running_loss:
            assign_variables(variables, arrays, group)


def assign_variables(
    variables: Sequence[keras.Variable], arrays: Mapping[str, np.ndarray], group: str
) -> None:
    """Assign one group of a captured state.

    Args:
        variables: the variables of the group, in order.
        arrays: the captured state.
        group: name of the group: `model`, `optimizer` or `running`.

    Raises:
        RunError: the state belongs to another model.
    """
    for index, variable in enumerate(variables):
        array = arrays.get(f"{group}/{index}")
        if array is None or tuple(array.shape) != tuple(variable.shape):
            received = "no array" if array is None else f"shape {array.shape}"
            raise RunError(
                f"Expected a state of this model: {variable.path} of shape "
                f"{tuple(variable.shape)}. Received: {received}; resume with the versions that "
                "wrote the state."
            )
        variable.assign(array)
