"""Check a config: every problem at once, without training."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lrcn_seq.errors import ConfigError, DataError, RunError

if TYPE_CHECKING:
    from lrcn_seq.config import Config


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
    parser.add_argument(
        "--data",
        action="store_true",
        help="data that is not there, or not enough, is an error, not a warning",
    )


def run(arguments: argparse.Namespace) -> int:
    """Checks sections and parts, builds the networks, then opens the source and finds its words or classes."""
    from lrcn_seq import config as configs
    from lrcn_seq.registry import sources
    from lrcn_seq.runs.corpus import check_splits, print_notes
    from lrcn_seq.tasks import task_type
    from lrcn_seq.training.network_checks import stage_problems

    config = configs.read(arguments.config, arguments.overrides)
    if problems := stage_problems(config):
        raise ConfigError(problems, arguments.config)
    try:
        source = sources.build(config.data.source, place="data.source")
        print_notes(source)
        splits = {
            split: [source[place] for place in source.split(split)]
            for split in ("train", "dev", "test")
        }
        check_splits(splits)
        task_type(config).outputs_type.learn(config, source)
        check_files(config)
    except (DataError, RunError) as error:
        print(f"{'error' if arguments.data else 'warning'}: {error}", file=sys.stderr)
        if arguments.data:
            return 1
        print(f"{arguments.config}: the config is right; its data is not here, or not enough.")
        return 0
    print(
        f"{arguments.config}: the config is right; {', '.join(f'{len(samples)} {split}' for split, samples in splits.items())} samples."
    )
    return 0


def check_files(config: Config) -> None:
    """The weights that are taken over must be there: a file's, or a run's."""
    from lrcn_seq.runs.folder import WEIGHTS

    weights = config.encoder.get("weights")
    if weights not in (None, "none", "imagenet") and not Path(weights).expanduser().is_file():
        raise DataError(
            f"encoder.weights: expected none, imagenet, or a file of weights. Received: {weights}; there is no such file."
        )
    if config.init and not (Path(config.init.run) / WEIGHTS).is_file():
        raise RunError(f"init.run: expected a run with {WEIGHTS}. Received: {config.init.run}.")
