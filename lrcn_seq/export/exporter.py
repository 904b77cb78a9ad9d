"""Export of a run: the model, `artifact.json` and `run.py`, which are verified first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras

from lrcn_seq.errors import LrcnError, MissingPackageError, RunError, UsageError, error_reason
from lrcn_seq.export.artifact import describe_artifact, read_scores
from lrcn_seq.export.formats import Format, formats
from lrcn_seq.export.real_inputs import real_inputs
from lrcn_seq.export.run_script import compose_script
from lrcn_seq.export.serving_function import ServingFunction
from lrcn_seq.export.speed import measure_speed
from lrcn_seq.export.verification import Script, check_batch, verify
from lrcn_seq.files import sync_file, sync_folder, temporary_folder
from lrcn_seq.runs import load
from lrcn_seq.runs.hub import local_folder

ARTIFACT, SCRIPT = "artifact.json", "run.py"
BATCH = 3
"""The number of inputs that are verified as a batch."""


def export_run(
    run: str | Path,
    output: str | Path,
    *,
    format: str = "savedmodel",
    batch: int | None = None,
    frames: int | None = None,
    search: Mapping[str, Any] | None = None,
    beams: int | None = None,
    quantize: str | None = None,
    inputs: Sequence[str] = (),
    benchmark: bool = False,
) -> dict[str, Any]:
    """Write an artifact of a run: the model, `artifact.json` and an example `run.py`.

    The artifact answers a few real inputs before its folder appears. An error leaves nothing.

    Args:
        run: the run folder.
        output: the folder to create.
        format: savedmodel, onnx, litert or stablehlo.
        batch: the batch size; None for any, or for 1 if the format needs a fixed one.
        frames: the number of frames of a clip; None for the number of the sampling, or for any.
        search: `{"type": NAME, ...}` in place of the search of the run.
        beams: the width of the beam search.
        quantize: `int8` for weights of 8 bits; None for float32.
        inputs: images or videos with which the artifact is verified; samples of the run if empty.
        benchmark: whether to measure the speed of the artifact and of the run.

    Returns:
        The content of `artifact.json`.

    Raises:
        UsageError: an argument is invalid, or does not fit the run.
        DataError: there are no inputs with which the artifact could be verified.
        RunError: the run cannot be read, or the exported model differs from it.
    """
    output = Path(output)
    check_output(output)
    target = build_format(format, quantize)
    folder = local_folder(run)
    task = load(folder)
    model = task.serving_model(search, beams)
    check_random(model, target, format)
    output.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(output.parent, output.name) as temporary, write_errors(output):
        files = real_inputs(task, folder, inputs, temporary)
        if batch is None and not target.any_batch:
            batch = 1
        if frames is None:
            frames = clip_length(task, target, files)
        function = ServingFunction(model, batch, frames)
        artifact = describe_artifact(task, function, target, format)
        artifact |= {"outputs": output_types(function), "scores": read_scores(folder)}
        draft = temporary / "artifact"
        write_artifact(draft, artifact, target, function)
        artifact |= examine_artifact(draft, target, function, files, benchmark=benchmark)
        write_json(draft / ARTIFACT, artifact)
        publish(draft, output)
    return artifact


def write_artifact(
    draft: Path, artifact: Mapping[str, Any], format: Format, function: ServingFunction
) -> None:
    """Write the folder of an artifact that is not verified yet.

    Args:
        draft: the folder to create.
        artifact: the content of `artifact.json`.
        format: the format of the model.
        function: the exported function.

    Raises:
        RunError: the function cannot be converted.
    """
    draft.mkdir()
    (draft / SCRIPT).write_text(compose_script(artifact, format), encoding="utf-8")
    write_json(draft / ARTIFACT, artifact)
    write_model(format, function, draft / format.file_name, artifact)


def examine_artifact(
    draft: Path,
    format: Format,
    function: ServingFunction,
    files: Sequence[str],
    *,
    benchmark: bool,
) -> dict[str, Any]:
    """Verify an artifact, and return the entries of `artifact.json` that say how it compares.

    Args:
        draft: the folder of the artifact.
        format: the format of the model.
        function: the exported function.
        files: images or videos.
        benchmark: whether to measure the speed.

    Raises:
        RunError: the answers differ from those of the run.
    """
    script, exact = Script(draft), format.quantize is None
    entries: dict[str, Any] = {
        "verification": verify(script, function.model, files, exact=exact)._asdict()
    }
    if function.batch is None:
        check_batch(script, files[:BATCH])
    entries |= format.verify(draft / format.file_name, function.model, files)
    if benchmark:
        entries["speed"] = measure_speed(script, function, files)
    return entries


def check_output(output: Path) -> None:
    """Raise UsageError unless a folder is new or empty."""
    if output.is_symlink() or output.is_file() or (output.is_dir() and any(output.iterdir())):
        raise UsageError(
            f"--output: expected a new folder. Received: {output}, which exists; choose another "
            "name, or remove it."
        )


def build_format(name: str, quantize: str | None) -> Format:
    """Return a format, and check that it can be written in this process.

    Raises:
        ConfigError, UnknownPartError, UsageError: the format is unknown, has no such quantization,
            or needs another backend.
        MissingPackageError: a package is not installed.
    """
    spec = {"type": name} if quantize is None else {"type": name, "quantize": quantize}
    if quantize is not None and "quantize" not in formats.constructor(name).parameters:
        raise UsageError(
            f"--quantize: expected a format with quantized weights. Received: --quantize {quantize}"
            f" with --format {name}; use litert or onnx, or leave it out."
        )
    format: Format = formats.build(spec, place="format")
    backend = keras.backend.backend()
    if backend != format.backend:
        raise UsageError(
            f"--format {name}: expected Keras on {format.backend}. Received: {backend}; set "
            f"KERAS_BACKEND={format.backend} and run the command again."
        )
    for module, package in format.packages.items():
        if find_spec(module) is None:
            raise MissingPackageError(package, "export", f"The format {name}")
    return format


def check_random(model: Any, format: Format, name: str) -> None:
    """Raise UsageError if a search is random and the format has no random numbers."""
    if model.random and not format.random:
        raise UsageError(
            f"search: expected a search without random numbers, which the format {name} does not "
            "have. Received: a random search; use --beams, or the format savedmodel or stablehlo."
        )


def clip_length(task: Any, format: Format, files: Sequence[str]) -> int | None:
    """Return the number of frames of a clip; None for images, and if the number may stay open.

    If the sampling does not limit it and the format needs a number, it is twice that of the longest
    of the files with which the artifact is verified.
    """
    if task.sampling is None or task.sampling.clip_length is not None or format.any_length:
        return None if task.sampling is None else task.sampling.clip_length
    selected = [task.sampling.test(task.media.times(file)) for file in files]
    return 2 * max(len(clip) for clips in selected for clip in clips)


def output_types(function: ServingFunction) -> list[dict[str, Any]]:
    """Return the name, shape and dtype of each output; the batch size may be open."""
    outputs = function.model(**function.example())
    return [
        {
            "name": name,
            "shape": [function.batch, *map(int, tensor.shape[1:])],
            "dtype": keras.backend.standardize_dtype(tensor.dtype),
        }
        for name, tensor in outputs.items()
    ]


def write_model(
    format: Format, function: ServingFunction, path: Path, artifact: Mapping[str, Any]
) -> None:
    """Write the model; raise RunError if it cannot be converted."""
    try:
        format.write(function, path, artifact)
    except (LrcnError, OSError, MemoryError):
        raise
    except Exception as error:  # converters raise exceptions of many types
        raise RunError(
            f"{path.name}: expected to convert and write the model. Received: "
            f"{error_reason(error)}; nothing was written. Choose another format or search, or fix "
            "the cause."
        ) from error


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file for people and programs to read."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def publish(draft: Path, output: Path) -> None:
    """Flush a folder to disk and rename it."""
    for path in sorted(draft.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                sync_file(file.fileno())
        else:
            sync_folder(path)
    draft.rename(output)
    sync_folder(output.parent)


@contextmanager
def write_errors(output: Path) -> Iterator[None]:
    """Convert an OSError to a RunError that says that nothing was written."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{output}: expected to write this folder. Received: {error.strerror or error}; "
            "nothing was written. Fix the cause and run the command again."
        ) from error
