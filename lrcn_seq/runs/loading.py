"""Loading a task, or parts of its weights, from a run folder."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np

from lrcn_seq import config as configs
from lrcn_seq.errors import LrcnError, RunError, error_reason
from lrcn_seq.files import check_file
from lrcn_seq.layers.weight_checks import variable_problem
from lrcn_seq.runs.confidence_file import restore_confidence
from lrcn_seq.runs.folder import CONFIG, WEIGHTS, check_trained
from lrcn_seq.runs.hub import local_folder
from lrcn_seq.runs.run_outputs import read_outputs
from lrcn_seq.runs.zero_weights import zero_weights
from lrcn_seq.tasks import Task, build_task, load_saved

PARTS = ("encoder", "decoder")


def load(folder: str | Path) -> Task:
    """Load the task of a run with its saved weights.

    Args:
        folder: the run folder; `hf://USER/NAME` or `hf://USER/NAME@REVISION` for a run on the
            Hugging Face Hub; or the file of a task that was saved as `.keras`.

    Raises:
        MissingPackageError: the package `huggingface_hub` is not installed.
        RunError: the folder is not a run, has no weights yet, or contains files of another run; or
            the hub cannot be reached.
    """
    folder = local_folder(folder)
    if folder.suffix == ".keras" and folder.is_file():
        return load_saved(folder)
    check_trained(folder)
    config = read_config(folder)
    outputs = read_outputs(folder, config)
    with zero_weights():
        task = build_task(config, outputs)
    load_weights(task, folder)
    restore_confidence(task, folder)
    return task


def read_config(folder: Path) -> configs.Config:
    """Read the config of the last stage of a run, with the defaults used when the run began."""
    return configs.stage_configs(configs.read_run(folder / CONFIG))[-1]


def load_weights(task: Task, folder: Path, parts: Sequence[str] = PARTS) -> None:
    """Copy the weights of some or all parts of a run into a task.

    Args:
        task: the task to copy the weights to.
        folder: the run folder to copy the weights from.
        parts: the parts to copy; the others stay unchanged.

    Raises:
        RunError: the run has no weights, or they are damaged or belong to other parts or another
            vocabulary.
    """
    if not (folder / WEIGHTS).is_file():
        raise RunError(f"{folder}: expected a run with {WEIGHTS}. Received: a folder without it.")
    if task.outputs is not None and "decoder" in parts:
        _check_outputs(task, folder)
    model = WeightParts(task, parts)
    _cache_skipped_attributes()
    try:
        check_file(folder / WEIGHTS)
        with warnings.catch_warnings():
            # NumPy only warns about complex numbers and numbers too large for float32.
            warnings.simplefilter("error", (np.exceptions.ComplexWarning, RuntimeWarning))
            model.load_weights(folder / WEIGHTS)
    except (LrcnError, MemoryError):
        raise
    except Exception as error:  # h5py, NumPy and Keras raise exceptions of many types
        reasons = _differences(task, folder, parts) if isinstance(error, ValueError) else []
        reason = "; ".join([*reasons, error_reason(error)])
        raise RunError(
            f"{folder / WEIGHTS}: expected weights of this config's {' and '.join(parts)}. "
            f"Received: {reason}."
        ) from error
    if problem := variable_problem(model.variables):
        raise RunError(
            f"{folder / WEIGHTS}: expected finite weights. Received: {problem}; the file is "
            "damaged. Restore it, or train the run again."
        )


def _cache_skipped_attributes() -> None:
    """Cache the names of the attributes in which Keras searches no layers to save or load.

    Keras 3.15 creates a layer for every layer of the network to compute them, which takes a quarter
    of the time of loading weights. A version of Keras without this function is left unchanged.
    """
    saving = sys.modules.get("keras.src.saving.saving_lib")
    names = getattr(saving, "get_attr_skipset", None)
    if saving is not None and callable(names) and not hasattr(names, "cache_info"):
        saving.get_attr_skipset = cache(names)  # type: ignore[attr-defined]


def _check_outputs(task: Task, folder: Path) -> None:
    """Raise RunError if a run has another vocabulary or other classes than a task."""
    kind = task.outputs_type
    path = folder / kind.file_name
    if path.exists() and list(kind.load(path).names) != list(task.output_names):
        raise RunError(
            f"{folder}: expected a decoder over the same {kind.size_name}. Received: a run with "
            f"other {kind.size_name}; copy the encoder alone (init.parts: [encoder])."
        )


def _differences(task: Task, folder: Path, parts: Sequence[str]) -> list[str]:
    """Return the differences between the parts of a run and those of a task."""
    if not (folder / CONFIG).is_file():
        return []
    other = read_config(folder)
    return [
        line
        for part in parts
        for line in configs.differences(getattr(other, part), getattr(task.settings, part), part)
    ]


class WeightParts(keras.Model):
    """A model that contains parts of a task, under their names in weight files.

    Args:
        task: the task.
        parts: names of the parts.
    """

    def __init__(self, task: Task, parts: Sequence[str]):
        super().__init__()
        for part in parts:
            setattr(self, part, getattr(task, part))
        self.built = True

    def load_own_variables(self, store: Any) -> None:
        """Ignore saved variables of the task itself, which belong to no part."""
