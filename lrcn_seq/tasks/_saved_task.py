"""Loading of a task from the `.keras` file that `save` wrote."""

from __future__ import annotations

from pathlib import Path

import keras

from lrcn_seq.errors import RunError, error_reason
from lrcn_seq.files import check_file
from lrcn_seq.registry import tasks
from lrcn_seq.tasks.base import Task


def register_tasks() -> None:
    """Import the tasks of this library, which registers their classes for loading with Keras."""
    for name in tasks.names():
        if tasks.is_own(name):
            tasks.get(name)


def load_saved(path: Path) -> Task:
    """Load a task from a `.keras` file.

    Raises:
        RunError: the file is damaged, or contains another model.
    """
    register_tasks()
    try:
        check_file(path)
        task = keras.saving.load_model(path)
    except Exception as error:  # Keras, zipfile and h5py raise many types
        raise RunError(
            f"{path}: expected a task that was saved with `save`. Received: {error_reason(error)}."
        ) from error
    if not isinstance(task, Task):
        raise RunError(
            f"{path}: expected a task. Received: {type(task).__name__}; load it with Keras."
        )
    return task
