"""Training states on disk: one immutable folder per state, and a pointer to the last state."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lrcn_seq.errors import RunError, shorten, translate_errors
from lrcn_seq.files import open_file, read_file, read_json, remove_leftovers, write_file, write_text
from lrcn_seq.layers.weight_checks import array_problem

if TYPE_CHECKING:
    import numpy as np

POINTER = "last"
METADATA = "meta.json"


class Position(NamedTuple):
    """The position of a run in its training, and the counters of early stopping.

    Attributes:
        stage: index of the stage.
        epoch: index of the epoch.
        step: number of finished batches of the epoch.
        trained: whether the epoch has been trained but not yet evaluated.
        number: number of the state folder.
        best: the best monitored score so far; for minimized scores, with the opposite sign.
        waited: number of epochs since the score last improved.
        stopped: whether the stage ended early.
        first_epoch: index of the epoch at which the optimizer of the stage started.
        best_loss: the dev loss of the epoch with the best score; None if it is not computed.
        diverged: whether the stage ended because its weights diverged.
        collapsed: whether the stage ended because its predictions became the same.
    """

    stage: int = 0
    epoch: int = 0
    step: int = 0
    trained: bool = False
    number: int = 0
    best: float | None = None
    waited: int = 0
    stopped: bool = False
    first_epoch: int = 0
    best_loss: float | None = None
    diverged: bool = False
    collapsed: bool = False


class TrainingState(NamedTuple):
    """A saved training state.

    Attributes:
        arrays: the variables of model, optimizer and running loss by name; empty between stages.
        position: the position at which training continues.
        history: one row per finished epoch.
        new_stage: whether training continues with the weights of the run instead of `arrays`.
        callbacks: the changed attributes of each callback of the user.
    """

    arrays: Mapping[str, np.ndarray]
    position: Position
    history: list[dict[str, Any]]
    new_stage: bool = False
    callbacks: Sequence[Mapping[str, Any]] = ()


class StateFolder:
    """The folder `state` of a run.

    Each state is written to a folder such as `state/000123/`; then the pointer `state/last` is
    replaced and older states are removed. Even after a crash, the pointer names a complete state.

    Args:
        folder: the folder of all states of a run.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    @property
    def exists(self) -> bool:
        """Whether a complete state exists."""
        return (self.folder / POINTER).exists()

    def write(self, state: TrainingState) -> None:
        """Write a state and remove older ones.

        Raises:
            RunError: the folder cannot be written to; the last state is unchanged.
        """
        import numpy as np  # slow; checks of a run folder do without it

        folder = self.folder / f"{state.position.number:06d}"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise RunError(
                f"{folder}: expected to write the training state. Received: {error.strerror}; the "
                "last state is unchanged. Fix the cause and run the command again with --resume."
            ) from error
        arrays: dict[str, Any] = dict(state.arrays)
        write_file(folder / "arrays.npz", lambda file: np.savez(file, **arrays))
        record: dict[str, Any] = {"position": state.position._asdict(), "history": state.history}
        if state.new_stage:
            record["fresh"] = True
        if any(state.callbacks):
            record["callbacks"] = list(state.callbacks)
        write_text(folder / METADATA, json.dumps(record))
        write_text(self.folder / POINTER, folder.name)
        self._remove_all_except(folder)

    def clear(self) -> None:
        """Remove all states; a crash leaves the last state or none."""
        (self.folder / POINTER).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove_leftovers(self) -> None:
        """Remove the incomplete and outdated states that killed processes left."""
        if not self.folder.is_dir():
            return
        remove_leftovers(self.folder)
        try:
            last = self._last_folder()
        except RunError:
            return  # `read` reports the damaged pointer
        if last is None or (last / METADATA).is_file():
            self._remove_all_except(last)

    def _last_folder(self) -> Path | None:
        """Return the folder of the last complete state; None before the first one."""
        if not self.exists:
            return None
        with translate_errors(partial(_damaged, self.folder / POINTER)):
            name = read_file(self.folder / POINTER).decode(errors="replace").strip()
        if not name.isdecimal():
            raise _damaged(self.folder / POINTER, shorten(repr(name)))
        return self.folder / name

    def _remove_all_except(self, folder: Path | None) -> None:
        """Remove all state folders except the given one."""
        for old in self.folder.iterdir():
            if old.name.isdigit() and old != folder:
                shutil.rmtree(old, ignore_errors=True)

    def read_position(self) -> Position | None:
        """Read the position of the last complete state, without its arrays.

        Returns:
            The position, or None before the first state.

        Raises:
            RunError: the state is damaged.
        """
        folder = self._last_folder()
        if folder is None:
            return None
        return read_json(folder / METADATA, "the metadata of a training state", _parse).position

    def read(self) -> TrainingState | None:
        """Read the last complete state.

        Returns:
            The state, or None before the first one.

        Raises:
            RunError: the state is damaged.
        """
        from lrcn_seq.arrays import read_arrays  # imports NumPy

        folder = self._last_folder()
        if folder is None:
            return None
        with translate_errors(partial(_damaged, folder)), open_file(folder / "arrays.npz") as file:
            arrays = read_arrays(file)
        state = read_json(folder / METADATA, "the metadata of a training state", _parse)
        # A stage that stopped because training diverged has weights that are not finite.
        if (problem := state_problem(arrays)) and not state.position.stopped:
            raise RunError(
                f"{folder / 'arrays.npz'}: expected finite weights. Received: {problem}; the run "
                "cannot be resumed."
            )
        return state._replace(arrays=arrays)


def _damaged(path: Path, reason: str) -> RunError:
    return RunError(
        f"{path}: expected a complete training state. Received: {reason}; the run cannot be "
        "resumed."
    )


def state_problem(arrays: Mapping[str, np.ndarray]) -> str | None:
    """Return the problem of the first invalid model weight in a state, or None if all are valid."""
    return array_problem(
        (name, array) for name, array in arrays.items() if name.startswith("model/")
    )


def _parse(record: dict[str, Any]) -> TrainingState:
    """Return the training state described by its metadata, without arrays."""
    position = Position(**record["position"])
    counters = (position.stage, position.epoch, position.step, position.number, position.waited)
    if not all(isinstance(counter, int) and counter >= 0 for counter in counters):
        raise ValueError(f"{position}")
    history = [dict(row) for row in record["history"]]
    callbacks = tuple(dict(values) for values in record.get("callbacks", ()))
    return TrainingState({}, position, history, bool(record.get("fresh")), callbacks)
