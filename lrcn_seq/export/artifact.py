"""`artifact.json`: what a program must know to use the model of an artifact."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lrcn_seq
from lrcn_seq.data.media.reader import enlarged
from lrcn_seq.errors import UsageError
from lrcn_seq.export.formats import Format
from lrcn_seq.export.serving_function import ServingFunction
from lrcn_seq.files import read_json
from lrcn_seq.registry import samplings, signature
from lrcn_seq.runs.folder import SCORES

VERSION = 1
"""The version of the keys of `artifact.json`."""
REDUCING_GAP = 3.0
"""The argument of Pillow's `resize` with which images are read."""


def describe_artifact(
    task: Any, function: ServingFunction, format: Format, name: str
) -> dict[str, Any]:
    """Return the content of `artifact.json`, without outputs and verification.

    Args:
        task: the task of the run.
        function: the exported function.
        format: the format of the model.
        name: the name of the format.

    Raises:
        UsageError: `run.py` cannot read the inputs of the run.
    """
    check_inputs(task)
    return {
        "version": VERSION,
        "task": task.name,
        "format": name,
        "file": format.file_name,
        "quantize": format.quantize,
        "answer": function.model.answer,
        "inputs": [one._asdict() for one in function.inputs],
        "resize": describe_resizing(task),
        "sampling": describe_sampling(task),
        **function.model.describe(),
        "versions": versions(format),
    }


def check_inputs(task: Any) -> None:
    """Raise UsageError unless the inputs of a task are pixels in a single test view."""
    if task.encoder.preprocessing is None:
        raise UsageError(
            "encoder: expected an encoder that takes frames. Received: "
            f"{task.settings.encoder['type']}, which takes vectors; export from Python with "
            "`task.export`."
        )
    if task.settings.data.frames != "rgb":
        raise UsageError(
            f"data.frames: expected rgb, which run.py can read. Received: "
            f"{task.settings.data.frames}; export from Python with `task.export`."
        )
    if task.view.test_view_count > 1:
        raise UsageError(
            "data.view: expected a view with a single crop in testing. Received: "
            f"{task.settings.data.view['type']}, whose {task.view.test_view_count} crops are "
            "averaged; export from Python with `task.export`."
        )


def describe_resizing(task: Any) -> dict[str, Any]:
    """Return how an upright RGB image becomes the pixels of the model.

    It is resized to `height` and `width`. If they exceed the input of the model, its center is
    cropped.
    """
    preprocessing = enlarged(task.encoder.preprocessing, task.view)
    return {
        "rule": preprocessing.resize,
        "height": preprocessing.height,
        "width": preprocessing.width,
        "interpolation": preprocessing.interpolation,
        "reducing_gap": REDUCING_GAP,
    }


def describe_sampling(task: Any) -> dict[str, Any] | None:
    """Return the sampling of clips with all of its arguments, or None for images."""
    spec = task.settings.data.sampling
    if spec is None:
        return None
    arguments = signature(samplings.get(spec["type"]))
    return {name: argument.default for name, argument in arguments.items()} | dict(spec)


def versions(format: Format) -> dict[str, str]:
    """Return the versions of this library, of Python, and of the packages that wrote the model."""
    packages = sorted({"keras", format.backend, *format.packages.values()})
    return {
        "lrcn_seq": lrcn_seq.__version__,
        "python": platform.python_version(),
        **{package: importlib.metadata.version(package) for package in packages},
    }


def read_scores(folder: Path) -> Mapping[str, Any] | None:
    """Return the scores of a run with their split, or None if it has not been evaluated."""
    if not (folder / SCORES).is_file():
        return None
    scores = read_json(folder / SCORES, "the scores of a run", dict)
    return {key: scores.get(key) for key in ("split", "count", "metrics")}
