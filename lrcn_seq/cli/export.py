"""Export a run as an artifact that needs neither this library nor Keras.

The folder contains the model, artifact.json, which describes its inputs and outputs, and run.py, an
example that needs only the runtime of the format, NumPy and Pillow (PyAV for videos). The artifact
is verified with samples of the run before the folder appears.

  lrcn export runs/mine --format savedmodel --output exported
  lrcn export runs/mine --format litert --quantize int8 --beams 1 --output phone
  lrcn export runs/mine search.type=greedy --format onnx --output exported
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lrcn_seq.cli._arguments import add_run, positive_integer
from lrcn_seq.cli._inputs import split_overrides
from lrcn_seq.cli._keras_import import import_keras
from lrcn_seq.errors import UsageError
from lrcn_seq.terminal import print_json, print_line

ANY = "any"
"""The batch size of an artifact that accepts batches of any size."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_run(parser)
    parser.set_defaults(override_prefix="search.")
    parser.add_argument(
        "overrides",
        nargs="*",
        default=[],
        metavar="search.key=value",
        help="changes of the search",
    )
    parser.add_argument("--format", required=True, help="savedmodel, onnx, litert or stablehlo")
    parser.add_argument("--output", required=True, metavar="DIR", help="the folder to create")
    parser.add_argument(
        "--batch",
        type=batch_size,
        metavar="N|any",
        help="the batch size (default: any, for litert 1)",
    )
    parser.add_argument("--beams", type=positive_integer, metavar="K", help="width of the beam")
    parser.add_argument(
        "--frames",
        type=positive_integer,
        metavar="N",
        help="frames of a clip (default: those of the sampling)",
    )
    parser.add_argument(
        "--quantize", choices=["int8"], help="weights of 8 bits, for litert and onnx"
    )
    parser.add_argument(
        "--inputs",
        nargs="+",
        default=[],
        metavar="FILE",
        help="images or videos with which the artifact is verified (default: samples of the run)",
    )
    parser.add_argument(
        "--benchmark", action="store_true", help="measure the speed of the artifact and of the run"
    )
    parser.add_argument("--json", action="store_true", help="print artifact.json")


def batch_size(text: str) -> int | str:
    """Parse a batch size, or `any`."""
    return ANY if text == ANY else positive_integer(text)


def run(arguments: argparse.Namespace) -> int:
    """Export the run, and print how the artifact compares with it."""
    from lrcn_seq.export.formats import formats
    from lrcn_seq.runs.folder import check_trained
    from lrcn_seq.runs.hub import local_folder
    from lrcn_seq.runs.unfinished_training import note_unfinished

    format = formats.get(arguments.format)
    if arguments.batch == ANY and not format.any_batch:
        raise UsageError(
            f"--batch: expected a number with --format {arguments.format}, whose batch size is "
            "fixed. Received: any; choose for example --batch 1."
        )
    overrides = split_overrides(arguments.overrides)[1]
    folder = local_folder(arguments.run)
    check_trained(folder)
    note_unfinished(folder)
    if "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", format.backend)
    import_keras()
    from lrcn_seq.config import overridden_section
    from lrcn_seq.export import export_run
    from lrcn_seq.runs.loading import read_config

    own = read_config(folder).search
    artifact = export_run(
        folder,
        arguments.output,
        format=arguments.format,
        batch=None if arguments.batch == ANY else arguments.batch,
        frames=arguments.frames,
        search=overridden_section("search", own, overrides) if overrides else None,
        beams=arguments.beams,
        quantize=arguments.quantize,
        inputs=arguments.inputs,
        benchmark=arguments.benchmark,
    )
    if arguments.json:
        print_json(artifact)
    else:
        print_summary(Path(arguments.output), artifact)
    return 0


def print_summary(folder: Path, artifact: Mapping[str, Any]) -> None:
    """Print the folder, its size, the verification and the speed."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    found = artifact["verification"]
    print_line(f"{folder}: {artifact['file']}, artifact.json and run.py, {size / 1e6:.1f} MB")
    print_line(
        f"{found['equal']} of {found['files']} files have the answers of the run "
        f"({found['equal_best']} the best one); their largest difference is "
        f"{found['largest_difference']:.1e}"
    )
    for row in artifact.get("speed", ()):
        times = "; ".join(
            f"{name} {row[name]['ms']:.2f} ms, {row[name]['per_second']:.1f}/s"
            for name in ("artifact", "run")
        )
        print_line(f"batch {row['batch']}: {times}")
