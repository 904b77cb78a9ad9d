"""The run folder: config, tokenizer, best weights, history, and the state that training goes on from."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import io
import json
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from lrcn_seq import config as configs
from lrcn_seq.errors import RunError
from lrcn_seq.runs import files
from lrcn_seq.tasks.base import CONFIG, DERIVED, LABELS, TOKENIZER, WEIGHTS, read_json

LOCK = ".lock"
MACHINE = "machine.json"
BEFORE = (CONFIG, DERIVED, TOKENIZER, LABELS, MACHINE)


class Position(NamedTuple):
    """Where training stands: the batch to run next, and what early stopping remembers."""

    stage: int = 0
    epoch: int = 0
    step: int = 0
    trained: bool = False
    """The epoch's batches are done and its dev score is still to come."""
    number: int = 0
    best: float | None = None
    waited: int = 0
    stopped: bool = False


class Run:
    """One run folder. States are complete and immutable: `state/000123/` is filled, then the pointer `state/last` is renamed onto."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    @property
    def begun(self) -> bool:
        """Whether there is anything that training could go on from."""
        return (self / "state" / "last").exists()

    def check(self, config: configs.Config, *, resume: bool) -> None:
        """Whether this config may be trained here.

        Raises:
            RunError: the folder holds a run already (without `resume`), another config's run, or files that no attempt to train here left.
        """
        if not self.begun:
            self._check_files()
            return
        if not resume:
            raise RunError(
                f"{self.folder}: a run is here already. Go on with it by --resume, or choose another folder with --run."
            )
        known = configs.read_mapping(self / CONFIG, deprecations=False)
        if changed := list(
            configs.differences(known, configs.parse(configs.dump(config), "the config"))
        ):
            raise RunError(
                f"{self.folder}: --resume expected the config that the run began with. Received: another ({'; '.join(changed[:3])}{' …' if changed[3:] else ''}); "
                "give the same config and overrides, or a new --run."
            )

    def _check_files(self) -> None:
        if (self / WEIGHTS).exists():
            raise RunError(
                f"{self.folder}: expected a run with the state that it goes on from. Received: a trained model without state/; choose another folder with --run."
            )
        strange = [
            name for name in BEFORE if (self / name).exists() and not (self / MACHINE).exists()
        ]
        if strange:
            raise RunError(
                f"{self.folder}: expected an empty folder, or one that a run has begun in. Received: {', '.join(strange)} of something else; choose another folder with --run."
            )

    def create(self, config: configs.Config) -> None:
        """Writes the config of a run that has not begun; what an earlier attempt left is taken away."""
        if not self.begun:
            self.clear()
            # First: by this file an attempt that was stopped is known.
            files.write_text(self / MACHINE, json.dumps(machine(), indent=1))
            files.write_text(self / CONFIG, configs.dump(config))

    def clear(self) -> None:
        """Removes what is written before training begins, that by which it is known last."""
        for name in BEFORE:
            (self / name).unlink(missing_ok=True)

    def abandon(self) -> None:
        """After a failure: leaves nothing of a run that never began but the list of what was left out."""
        if not self.begun:
            self.clear()
            (self / LOCK).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self.folder.rmdir()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the folder for this process; the lock goes with the process, however it ends."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = (self / LOCK).open("w")
        except OSError as error:
            raise RunError(
                f"{self.folder}: expected to write into the run folder. Received: {error.strerror}; choose another with --run."
            ) from error
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RunError(
                    f"{self.folder}: another process is working in this run folder. Wait for it, or choose another folder."
                ) from None
            yield

    def write_state(
        self,
        number: int,
        arrays: dict[str, np.ndarray],
        meta: dict[str, Any],
        *,
        pause=lambda phase: None,
    ) -> None:
        """A new state folder, complete before the pointer moves; older ones are then removed."""
        folder = self / "state" / f"{number:06d}"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise RunError(
                f"{folder}: expected to write the training state. Received: {error.strerror}; the last state is untouched. Mend that and call again with --resume."
            ) from error
        files.write(folder / "arrays.npz", lambda file: (np.savez(file, **arrays), pause("state")))
        files.write_text(folder / "meta.json", json.dumps(meta))
        pause("pointer")
        files.write_text(self / "state" / "last", folder.name)
        for old in (self / "state").iterdir():
            if old.is_dir() and old != folder:
                shutil.rmtree(old, ignore_errors=True)

    def read_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """Arrays and record of the last complete state; None before the first."""
        pointer = self / "state" / "last"
        if not pointer.exists():
            return None
        folder = pointer.parent / pointer.read_text(encoding="utf-8", errors="replace").strip()
        try:
            with np.load(io.BytesIO((folder / "arrays.npz").read_bytes())) as stored:
                arrays = {name: stored[name] for name in stored.files}
        except (OSError, ValueError, EOFError, BadZipFile, NotImplementedError) as error:
            raise RunError(
                f"{folder}: expected a complete training state. Received: {error}; the run cannot go on from it."
            ) from error
        return arrays, read_json(folder / "meta.json", "the record of a training state", _record)

    def write_history(self, rows: list[dict[str, Any]]) -> None:
        """`history.jsonl`: one epoch a line; rewritten whole, so that it always agrees with a state."""
        files.write_text(self / "history.jsonl", "".join(json.dumps(row) + "\n" for row in rows))

    def history(self) -> list[dict[str, Any]]:
        """The epochs so far."""
        path = self / "history.jsonl"
        return (
            read_json(path, "the epochs", lambda rows: list(map(dict, rows)), lines=True)
            if path.exists()
            else []
        )

    def began_on(self) -> dict[str, str]:
        """What is known of the machine that the run began on."""
        path = self / MACHINE
        return (
            read_json(
                path,
                "the machine of the run",
                lambda found: {name: str(value) for name, value in found.items()},
            )
            if path.exists()
            else {}
        )


def _record(meta: dict[str, Any]) -> dict[str, Any]:
    """What goes with the arrays of a state, as it is, once it is seen to be that."""
    position = Position(**meta["position"])
    if not all(
        isinstance(place, int) and place >= 0
        for place in (
            position.stage,
            position.epoch,
            position.step,
            position.number,
            position.waited,
        )
    ):
        raise ValueError(f"{position}")
    return {**meta, "history": list(map(dict, meta["history"]))}


def machine() -> dict[str, str]:
    """What bit-identical resuming depends on besides the run itself: versions, processor, accelerators, flags."""
    import keras
    import tensorflow as tf

    backend = keras.backend.backend()
    return {
        "python": platform.python_version(),
        "keras": keras.__version__,
        "backend": backend,
        "tensorflow": tf.__version__,
        **({} if backend == "tensorflow" else {backend: importlib.metadata.version(backend)}),
        "numpy": np.__version__,
        "processor": _processor(),
        "accelerators": ", ".join(_accelerators(backend)) or "none",
        "cores": str(os.cpu_count()),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
    }


def _accelerators(backend: str) -> list[str]:
    """The names of GPUs and TPUs that a backend sees."""
    if backend == "jax":
        import jax

        return [device.device_kind for device in jax.devices() if device.platform != "cpu"]
    if backend == "torch":
        import torch

        return [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    import tensorflow as tf

    return [
        tf.config.experimental.get_device_details(device).get("device_name", device.name)
        for device in tf.config.list_physical_devices("GPU")
    ]


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    names = (
        [
            line.partition(":")[2].strip()
            for line in path.read_text().splitlines()
            if line.startswith("model name")
        ]
        if path.exists()
        else []
    )
    return names[0] if names else platform.processor()
