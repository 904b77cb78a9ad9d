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
    parser.add_argument("overrides", nargs="*", default=[], metavar="section.key=value", help="changes of the config")
    parser.add_argument("--data", action="store_true", help="data that is not there is an error, not a warning")


def run(arguments: argparse.Namespace) -> int:
    """Checks sections and parts, builds the networks, then opens the source."""
    from lrcn_seq import config as configs
    from lrcn_seq.registry import sources
    from lrcn_seq.training.preparation import network_problems

    config = configs.read(arguments.config, arguments.overrides)
    if problems := network_problems(config):
        raise ConfigError(problems, arguments.config)
    try:
        source = sources.build(config.data.source, place="data.source")
        check_init(config)
    except (DataError, RunError) as error:
        print(f"{'error' if arguments.data else 'warning'}: {error}", file=sys.stderr)
        if arguments.data:
            return 1
        print(f"{arguments.config}: the config is right; its data is not here.")
        return 0
    counts = {split: len(source.split(split)) for split in ("train", "dev", "test")}
    print(f"{arguments.config}: the config is right; {', '.join(f'{count} {split}' for split, count in counts.items())} samples.")
    return 0


def check_init(config: Config) -> None:
    """The run whose weights are taken over must be there."""
    from lrcn_seq.tasks.base import WEIGHTS

    if config.init and not (Path(config.init.run) / WEIGHTS).is_file():
        raise RunError(f"init.run: expected a run with {WEIGHTS}. Received: {config.init.run}.")
