"""Caption pictures: files, folders or globs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from lrcn_seq.cli._sentences import add_search, tracked, write_all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("run", help="a run folder")
    parser.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help="pictures, folders, globs; section.key=value of the search may stand among them",
    )
    add_search(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prints a sentence for each picture; those that cannot be read are named, and the exit code is then 1."""

    def predict(task, files: list[str], search: dict) -> Iterator:
        size = 16
        for batch in tracked(
            [files[start : start + size] for start in range(0, len(files), size)], "captioning"
        ):
            yield from task.predict(batch, search=search, best=arguments.best)

    return write_all(arguments, arguments.images, predict, task="captioning")
