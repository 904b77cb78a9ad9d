"""Train the network of a config into a run folder; continue a stopped run with --resume."""

from __future__ import annotations

import argparse
from pathlib import Path

from lrcn_seq.cli._arguments import add_config
from lrcn_seq.terminal import print_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_config(parser)
    parser.add_argument("--run", help="the run folder (default: runs/NAME_OF_THE_CONFIG)")
    parser.add_argument("--resume", action="store_true", help="continue a stopped run")


def run(arguments: argparse.Namespace) -> int:
    """Train, evaluate on test (on dev if there is no test split), and write the report."""
    from lrcn_seq import config as configs
    from lrcn_seq.runs import Run

    folder = arguments.run or f"runs/{Path(arguments.config).stem}"
    if arguments.resume:
        configs.import_run(Path(folder))
    config = configs.read(arguments.config, arguments.overrides)
    Run(folder).check(config, resume=arguments.resume)
    from lrcn_seq.training import train  # imports Keras

    train(config, folder, resume=arguments.resume)
    print_line(folder)
    return 0
