"""Check a config: every problem at once, without training."""

from __future__ import annotations

import argparse
import sys

from lrcn_seq.errors import ConfigError, DataError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("config", help="a YAML file")
    parser.add_argument("overrides", nargs="*", metavar="section.key=value")
    parser.add_argument("--data", action="store_true", help="data that is not there is an error, not a warning")


def run(arguments: argparse.Namespace) -> int:
    """Checks sections and parts, then opens the source."""
    from lrcn_seq import config as configs
    from lrcn_seq.registry import sources

    config = configs.read(arguments.config, arguments.overrides)
    try:
        source = sources.build(config.data.source, place="data.source")
    except (DataError, ConfigError) as error:
        print(f"{'error' if arguments.data else 'warning'}: {error}", file=sys.stderr)
        if arguments.data:
            return 1
        print(f"{arguments.config}: the config is right; its data is not here.")
        return 0
    counts = {split: len(source.split(split)) for split in ("train", "dev", "test")}
    print(f"{arguments.config}: the config is right; {', '.join(f'{count} {split}' for split, count in counts.items())} samples.")
    return 0
