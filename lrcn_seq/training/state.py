"""Everything that `fit` needs to go on as if it had never stopped.

Weights, dropout seeds and running statistics (all of `model.variables`), optimizer variables, the running loss, the position in
the epoch. Stock callbacks keep none of the seeds, the position or the running loss. Variables go by index, never by name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from lrcn_seq.errors import RunError


class Progress(keras.callbacks.Callback):
    """Captures and assigns the state. It stands last in a list of callbacks, so that it sees what the others did.

    The snapshot is assigned at the beginning of every epoch, so that an epoch boundary and a restart are one path
    (an average of weights overwrites them when a `fit` ends).
    `save(arrays, step)` is called with a fresh snapshot when `seconds` have passed since the last; `begin(epoch)` after the
    snapshot is assigned; `pause(phase)` at the moments where a test stops the process.
    """

    def __init__(
        self,
        save: Callable[[dict[str, np.ndarray], int], None],
        seconds: float,
        *,
        begin: Callable[[int], None] = lambda epoch: None,
        pause: Callable[[str], None] = lambda phase: None,
    ):
        super().__init__()
        self.save, self.seconds, self.begin, self.pause = save, seconds, begin, pause
        self.arrays: dict[str, np.ndarray] | None = None
        self.step = self.first = 0
        self._saved_at = time.monotonic()

    def groups(self, model: keras.Model) -> dict[str, list[keras.Variable]]:
        """The variables that are state."""
        running = [metric for metric in model.metrics if metric.name == "loss"]
        return {
            "model": model.variables,
            "optimizer": model.optimizer.variables,
            "running": [variable for metric in running for variable in metric.variables],
        }

    def capture(self) -> dict[str, np.ndarray]:
        """The state as arrays."""
        return {
            f"{group}/{index}": np.array(ops.convert_to_numpy(variable))
            for group, variables in self.groups(self.model).items()
            for index, variable in enumerate(variables)
        }

    def assign(self, model: keras.Model, arrays: dict[str, np.ndarray], *, running: bool) -> None:
        """Puts a captured state back; the running loss only in the middle of an epoch."""
        for group, variables in self.groups(model).items():
            if group != "running" or running:
                assign(variables, arrays, group)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Assigns the snapshot; `step` batches of the epoch are done already."""
        self.first = self.step
        if self.arrays is not None:
            self.assign(self.model, self.arrays, running=self.step > 0)
        self.begin(epoch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Saves now and then."""
        self.step = self.first + batch + 1
        if time.monotonic() - self._saved_at >= self.seconds:
            self.arrays = self.capture()
            self.save(self.arrays, self.step)
            self._saved_at = time.monotonic()
        self.pause("step")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keeps the state before the end of `fit` touches the weights."""
        self.arrays = self.capture()


def assign(
    variables: Sequence[keras.Variable], arrays: Mapping[str, np.ndarray], group: str
) -> None:
    """Puts a group of a captured state back.

    Raises:
        RunError: the state is of another model.
    """
    for index, variable in enumerate(variables):
        array = arrays.get(f"{group}/{index}")
        if array is None or tuple(array.shape) != tuple(variable.shape):
            found = None if array is None else array.shape
            raise RunError(
                f"The state does not fit the model: {variable.path} {tuple(variable.shape)} against {found}. Resume with the versions that wrote it."
            )
        variable.assign(array)
