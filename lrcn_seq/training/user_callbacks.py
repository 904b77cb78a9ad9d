"""Keras callbacks of the user, which see each stage as one training.

Training calls `fit` once per epoch and evaluates dev after it. The callbacks get the events of one
training instead: `on_train_begin` once per stage, and `on_epoch_end` with the loss, the learning
rate and the dev scores, whose names begin with `val_`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from lrcn_seq.errors import ConfigError, MissingPackageError, Problem, did_you_mean

CSV_LOG = "log.csv"
TENSORBOARD = "tensorboard"
PLAIN_TYPES = (bool, int, float, str, type(None))
"""Types of the attributes of callbacks that a training state contains."""

Spec = str | Mapping[str, Any]
"""A callback of a config: its name in Keras, or `{"type": NAME, argument: value, ...}`."""


class UserCallbacks(keras.callbacks.Callback):
    """A callback that forwards the events of all epochs of a stage to other callbacks.

    Args:
        callbacks: Keras callbacks.
        epochs: number of epochs of the stage.
    """

    def __init__(self, callbacks: Iterable[keras.callbacks.Callback], epochs: int):
        super().__init__()
        self.callbacks, self.epochs = list(callbacks), epochs
        self.first_step = 0
        self._initial: list[dict[str, Any]] = []

    def begin(self, model: keras.Model, state: Sequence[Mapping[str, Any]] = ()) -> None:
        """Begin a stage, or continue it with the state of the callbacks.

        Args:
            model: the compiled task.
            state: the value of `state` at the end of the interrupted training.
        """
        self.set_model(model)
        model.stop_training = False
        for callback in self.callbacks:
            callback.set_model(model)
            callback.set_params({"epochs": self.epochs, "steps": None, "verbose": 0})
            callback.on_train_begin()
        self._initial = [_plain_attributes(callback) for callback in self.callbacks]
        for callback, values in zip(self.callbacks, state, strict=False):
            for name, value in values.items():
                setattr(callback, name, value)

    @property
    def state(self) -> list[dict[str, Any]]:
        """The attributes of each callback that have changed since the stage began."""
        return [
            {
                name: value
                for name, value in _plain_attributes(callback).items()
                if name not in initial or initial[name] != value
            }
            for callback, initial in zip(self.callbacks, self._initial, strict=True)
        ]

    def begin_epoch(self, epoch: int, step: int) -> None:
        """Begin an epoch, or continue it after `step` batches."""
        self.first_step = step
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Forward the index of the batch in the whole epoch."""
        for callback in self.callbacks:
            callback.on_train_batch_begin(self.first_step + batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Forward the index of the batch in the whole epoch, with the running loss."""
        for callback in self.callbacks:
            callback.on_train_batch_end(self.first_step + batch, logs)

    def end_epoch(self, epoch: int, loss: float, scores: Mapping[str, float]) -> bool:
        """End an epoch after the evaluation of dev.

        Args:
            epoch: index of the epoch.
            loss: training loss.
            scores: dev scores.

        Returns:
            Whether a callback asks to stop the training.
        """
        logs = {
            "loss": loss,
            "learning_rate": float(self.model.optimizer.learning_rate),
            **{f"val_{name}": float(value) for name, value in scores.items()},
        }
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, dict(logs))
        return bool(self.callbacks) and bool(self.model.stop_training)

    def end(self) -> None:
        """Call `on_train_end` of every callback at the end of a stage."""
        for callback in self.callbacks:
            callback.on_train_end()


def _plain_attributes(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """Return the attributes of a callback that are numbers, texts, truth values or None."""
    return {
        name: value
        for name, value in vars(callback).items()
        if isinstance(value, PLAIN_TYPES) and name != "_model"
    }


def build_callbacks(
    specs: Sequence[Spec], folder: Path, stage: int = 0
) -> list[keras.callbacks.Callback]:
    """Build the callbacks of a config.

    Args:
        specs: the value of `training.callbacks`.
        folder: the run folder, in which `CSVLogger` and `TensorBoard` write by default.
        stage: index of the stage.

    Raises:
        ConfigError: a callback does not exist in Keras, or its arguments are invalid.
        MissingPackageError: a callback needs a package that is not installed.
    """
    built, problems = [], []
    for number, spec in enumerate(specs):
        arguments = {"type": spec} if isinstance(spec, str) else dict(spec)
        name = str(arguments.pop("type", None))
        kind = getattr(keras.callbacks, name, None)
        place = f"training.callbacks.{number}"
        if not (isinstance(kind, type) and issubclass(kind, keras.callbacks.Callback)):
            known = [other for other in dir(keras.callbacks) if other[0].isupper()]
            hint = did_you_mean(name, known)
            message = f"expected the name of a callback of Keras. Received: {name!r}.{hint}"
            problems.append(Problem(place, message))
            continue
        _check_package(name)
        try:
            built.append(kind(**{**_default_arguments(name, folder, stage), **arguments}))
        except (TypeError, ValueError) as error:
            message = f"expected arguments of keras.callbacks.{name}. Received: {error}."
            problems.append(Problem(place, message))
    if problems:
        raise ConfigError(problems)
    return built


def _check_package(name: str) -> None:
    """Raise MissingPackageError for the callback TensorBoard if its package is missing."""
    if name == "TensorBoard" and importlib.util.find_spec("tensorboard") is None:
        raise MissingPackageError("tensorboard", "logs", "The callback TensorBoard")


def _default_arguments(name: str, folder: Path, stage: int) -> dict[str, Any]:
    """Return the default paths of a callback that writes logs; nothing for other callbacks."""
    if name == "CSVLogger":
        return {"filename": str(folder / CSV_LOG), "append": True}
    if name == "TensorBoard":
        return {"log_dir": str(folder / TENSORBOARD / f"stage-{stage + 1}")}
    return {}
