"""Predict with a run of any task on files, folders or globs."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from lrcn_seq.cli._arguments import add_output, add_run
from lrcn_seq.cli._fusion import add_fusion
from lrcn_seq.cli._predictions import predict_files, predict_in_batches

if TYPE_CHECKING:
    from lrcn_seq.cli._output import JsonLines
    from lrcn_seq.records import Prediction
    from lrcn_seq.tasks import Task


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_run(parser)
    parser.add_argument("files", nargs="+", metavar="FILE", help="files, folders or globs")
    add_fusion(parser)
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the task's prediction for each file, with the task's default options."""

    def predict(task: Task, files: Sequence[str], output: JsonLines) -> Iterable[Prediction]:
        return predict_in_batches(
            files,
            output,
            partial(task.predict, on_error="record"),
            batch_size=task.predict_batch_size,
            title="predicting",
        )

    return predict_files(arguments, arguments.files, predict, verb="predict")
