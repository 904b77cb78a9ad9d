"""Train the network of a config into a run folder; continue a stopped run with --resume.

Overrides of the first call may be left out with --resume. A finished run is trained longer with
--resume training.epochs=MORE.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lrcn_seq.cli._arguments import add_config
from lrcn_seq.cli._keras_import import import_keras
from lrcn_seq.errors import UsageError
from lrcn_seq.terminal import print_line, print_note

if TYPE_CHECKING:
    from lrcn_seq.runs import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_config(parser)
    parser.add_argument("--run", help="the run folder (default: runs/NAME_OF_THE_CONFIG)")
    parser.add_argument("--resume", action="store_true", help="continue a stopped run")


def run(arguments: argparse.Namespace) -> int:
    """Train, evaluate on the test split (dev if there is none), and write the report."""
    from lrcn_seq import config as configs
    from lrcn_seq.data.source_paths import missing_paths
    from lrcn_seq.registry import sources
    from lrcn_seq.runs.folder import Run

    folder = arguments.run or f"runs/{Path(arguments.config).stem}"
    check_run_folder(folder)
    if arguments.resume:
        configs.import_run(Path(folder))
    overrides = arguments.overrides
    if arguments.resume:
        overrides = merge_overrides(Run(folder).overrides(), overrides)
    config = configs.read(arguments.config, overrides)
    Run(folder).check(config, resume=arguments.resume)
    if missing_paths(config.data.source):
        sources.build(config.data.source, place="data.source")  # raises the error of the source
    print_note(f"{folder}: training the task {config.task['type']}; loading Keras")
    import_keras()
    from lrcn_seq.training import train

    train(config, folder, resume=arguments.resume, overrides=overrides)
    print_results(Run(folder))
    print_line(folder)
    return 0


def merge_overrides(recorded: Sequence[str], given: Sequence[str]) -> list[str]:
    """Return the overrides of a resumed training: those of the run, and those of the call.

    Args:
        recorded: the overrides of the run.
        given: the overrides of the call, which replace those of the run with the same key.
    """
    keys = {text.partition("=")[0].strip() for text in given}
    return [*(one for one in recorded if one.partition("=")[0].strip() not in keys), *given]


def check_run_folder(folder: str) -> None:
    """Raise UsageError if a run folder is an address on the hub."""
    from lrcn_seq.runs.hub import is_hub_address

    if is_hub_address(folder):
        raise UsageError(
            f"--run: expected a folder on this machine, since training writes into it. Received: "
            f"{folder}; choose a folder such as runs/mine."
        )


def print_results(run: Run) -> None:
    """Print the scores of an evaluated run with intervals, its report and the next command."""
    from lrcn_seq.runs.folder import SCORES

    if not (run / SCORES).exists():
        return
    from lrcn_seq.runs.finished_scores import file_lines, score_lines
    from lrcn_seq.runs.loading import read_config
    from lrcn_seq.tasks import task_type

    for line in [*score_lines(run), *file_lines(run.folder)]:
        print_note(line)
    print_note(f"Next: lrcn {task_type(read_config(run.folder)).verb} {run.folder} FILE...")
