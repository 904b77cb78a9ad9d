"""Fill the feature store with what a frozen encoder gives; stop at any time and start again."""

from __future__ import annotations

import argparse

from lrcn_seq.errors import ConfigError, Problem


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
        "--verify",
        action="store_true",
        help="read every file again instead of trusting its size and time, and check what is stored",
    )


def run(arguments: argparse.Namespace) -> int:
    """Extracts all splits."""
    from lrcn_seq import config as configs
    from lrcn_seq.training.extraction import extract

    config = configs.stage_configs(configs.read(arguments.config, arguments.overrides))[0]
    store, samples = extract(config, verify=arguments.verify)
    if store is None:
        raise ConfigError(
            [
                Problem(
                    "encoder",
                    "nothing can be stored: features are kept only of a frozen encoder of pictures, with data.view none and data.store.use true.",
                )
            ],
            arguments.config,
        )
    print(
        f"{config.data.store.folder}: features of {samples:,} samples; {len(store):,} stored in all under this encoder."
    )
    return 0
