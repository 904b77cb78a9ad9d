"""Train what a config describes, into a run folder; stop at any time and go on with --resume."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("config", help="a YAML file")
    parser.add_argument(
        "overrides",
        nargs="*",
        default=[],
        metavar="section.key=value",
        help="changes of the config",
    )
    parser.add_argument("--run", help="the run folder; runs/NAME_OF_THE_CONFIG without it")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was stopped")


def run(arguments: argparse.Namespace) -> int:
    """Trains, evaluates on dev, and writes the report."""
    from lrcn_seq import config as configs
    from lrcn_seq.training import train

    config = configs.read(arguments.config, arguments.overrides)
    folder = arguments.run or f"runs/{Path(arguments.config).stem}"
    train(config, folder, resume=arguments.resume)
    print(folder)
    return 0
