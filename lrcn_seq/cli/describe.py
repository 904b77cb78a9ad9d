"""Describe videos: files, folders or globs."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator

from lrcn_seq.cli._sentences import add_search, tracked, write_all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("run", help="a run folder")
    parser.add_argument(
        "videos",
        nargs="+",
        metavar="VIDEO",
        help="videos, folders, globs; section.key=value of the search may stand among them",
    )
    parser.add_argument(
        "--window",
        type=seconds,
        metavar="SECONDS",
        help="a sentence for every so many seconds, with its time",
    )
    add_search(parser)


def seconds(text: str) -> float:
    """A length of time above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(
            f"expected a number of seconds above 0. Received: {text!r}"
        )
    return value


def run(arguments: argparse.Namespace) -> int:
    """Prints a sentence for each video, or for each window of it; those that cannot be read are named, and the exit code is then 1."""

    def predict(task, files: list[str], search: dict) -> Iterator:
        for file in tracked(files, "describing"):
            options = dict(search=search, best=arguments.best)
            yield from (
                task.predict([file], **options)
                if arguments.window is None
                else task.predict_windows([file], arguments.window, **options)
            )

    return write_all(arguments, arguments.videos, predict, task="description")
