"""Store the features of a frozen encoder; a repeated call computes only missing features."""

from __future__ import annotations

import argparse

from lrcn_seq.cli._arguments import add_config
from lrcn_seq.cli._keras_import import import_keras
from lrcn_seq.errors import ConfigError, Problem
from lrcn_seq.terminal import print_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_config(parser)
    parser.add_argument(
        "--verify",
        action="store_true",
        help="hash every file again instead of trusting its size and time, and check the store",
    )


def run(arguments: argparse.Namespace) -> int:
    """Extract the features of all splits."""
    from lrcn_seq import config as configs

    config = configs.stage_configs(configs.read(arguments.config, arguments.overrides))[0]
    import_keras()
    from lrcn_seq.training import precompute_features

    store, samples = precompute_features(config, verify=arguments.verify)
    if store is None:
        reason = (
            "expected a frozen encoder of images, with data.view none and data.store.use true. "
            "Received: a config that stores no features; `lrcn train` computes them."
        )
        raise ConfigError([Problem("encoder", reason)], arguments.config)
    print_line(
        f"{config.data.store.folder}: features of {samples:,} samples; "
        f"{len(store):,} stored in total for this encoder."
    )
    return 0
