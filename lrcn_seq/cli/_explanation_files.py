"""The images that `--explain` writes, one per input file."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrcn_seq.errors import UsageError
from lrcn_seq.files import write_file

if TYPE_CHECKING:
    from lrcn_seq.records import Prediction

NAME_BYTES = 200
"""Maximum length of a file name without number and suffix."""


def explainer(task: Any, folder: str | None, files: Sequence[str]) -> Callable[[Prediction], None]:
    """Return a function that writes the explanation of a prediction as a PNG file.

    Args:
        task: the task that predicts.
        folder: the folder of the images; None to write none.
        files: all input files of the call.

    Raises:
        UsageError: the task has no explanations, or the folder cannot be created.
    """
    if folder is None:
        return lambda prediction: None  # noqa: ARG005 - the interface
    task.explain([])  # raises an error if the task has no explanations
    create_folder(folder)
    names = image_names(files)

    def write(prediction: Prediction) -> None:
        if prediction.error is None:
            image = task.explain(prediction.file, prediction).image()
            path = Path(folder, names[prediction.file])
            write_file(path, lambda file: image.save(file, "PNG"))

    return write


def create_folder(folder: str) -> None:
    """Create a folder for images; raise UsageError if it cannot be created."""
    if not folder:
        raise UsageError("--explain: expected a folder. Received: an empty name.")
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder}: expected a folder for the images of --explain. Received: "
            f"{error.strerror}; choose another folder."
        ) from error


def image_names(files: Sequence[str]) -> dict[str, str]:
    """Return a name for the image of each file: `photo.png`, then `photo-2.png` for another photo.

    No two names differ only in case or Unicode normalization, since some file systems do not
    distinguish them.

    Args:
        files: the input files, in order.
    """
    names: dict[str, str] = {}
    used: set[str] = set()
    for file in files:
        stem = os.fsencode(Path(file).stem.strip(".") or "file")[:NAME_BYTES].decode(
            "utf-8", "ignore"
        )
        name, number = stem, 1
        while _key(name) in used:
            number += 1
            name = f"{stem}-{number}"
        used.add(_key(name))
        names[file] = f"{name}.png"
    return names


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
