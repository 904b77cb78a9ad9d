"""Describe videos: files, folders or globs, as a whole or by windows, and live video."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from lrcn_seq.cli._arguments import add_run, positive_seconds
from lrcn_seq.cli._inputs import split_overrides
from lrcn_seq.cli._live import WINDOW, add_live, is_live, predict_live
from lrcn_seq.cli._predictions import predict_files, predict_in_batches
from lrcn_seq.cli._search_options import add_media, add_search, caption_options
from lrcn_seq.errors import UsageError

if TYPE_CHECKING:
    from lrcn_seq.cli._output import JsonLines
    from lrcn_seq.records import Prediction


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_run(parser)
    add_media(parser, "videos", "VIDEO", required=False)
    parser.add_argument(
        "--window",
        type=positive_seconds,
        metavar="SECONDS",
        help="caption each window of this length, with its start and end time; with --live, the "
        f"length of the window that is described (default: {WINDOW:g})",
    )
    add_search(parser)
    add_live(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the captions of each video, or of each of its windows."""
    if arguments.window is not None and arguments.explain is not None:
        raise UsageError(
            "--explain: expected captions of whole videos. Received: --window; give one of them."
        )
    names, overrides = split_overrides(arguments.videos)
    if is_live(arguments, names):
        return predict_live(
            arguments, lambda task: caption_options(task, arguments, overrides), verb="describe"
        )

    def predict(task: Any, files: Sequence[str], output: JsonLines) -> Iterable[Prediction]:
        options = {**caption_options(task, arguments, overrides), "on_error": "record"}
        if arguments.window is None:
            call, batch_size = partial(task.predict, **options), task.predict_batch_size
        else:
            call = partial(task.predict_windows, seconds=arguments.window, **options)
            batch_size = 1
        return predict_in_batches(files, output, call, batch_size=batch_size, title="describing")

    return predict_files(arguments, names, predict, verb="describe", show_file=arguments.best > 1)
