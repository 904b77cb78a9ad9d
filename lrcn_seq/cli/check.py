"""Check a config and report every problem at once, without training."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from lrcn_seq.cli._arguments import add_config
from lrcn_seq.errors import ConfigError, DataError, RunError
from lrcn_seq.terminal import print_line, print_note

if TYPE_CHECKING:
    from lrcn_seq.config import Config

SPLITS = ("train", "dev", "test")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_config(parser)
    parser.add_argument(
        "--data",
        action="store_true",
        help="treat missing or insufficient data as an error instead of a warning",
    )


def run(arguments: argparse.Namespace) -> int:
    """Check the sections and parts, build the networks, then open the source and the weights."""
    from lrcn_seq import config as configs
    from lrcn_seq.training.network_checks import stage_problems

    config = configs.read(arguments.config, arguments.overrides)
    if problems := stage_problems(config):
        raise ConfigError(problems, arguments.config)
    try:
        counts = count_samples(config)
        check_weights(config)
    except (DataError, RunError) as error:
        print_note(f"{'error' if arguments.data else 'warning'}: {error}")
        if arguments.data:
            return 1
        print_line(f"{arguments.config}: Config is valid; its data is missing or insufficient.")
        return 0
    sizes = ", ".join(f"{count} {split}" for split, count in counts.items())
    print_line(f"{arguments.config}: Config is valid; {sizes} samples.")
    return 0


def count_samples(config: Config) -> dict[str, int]:
    """Open the source and return the number of samples per split.

    Raises:
        DataError: the source cannot be read or has too few samples.
    """
    from lrcn_seq.registry import sources
    from lrcn_seq.runs.corpus import check_splits, print_notes
    from lrcn_seq.tasks import task_type

    source = sources.build(config.data.source, place="data.source")
    print_notes(source)
    splits = {split: [source[i] for i in source.split(split)] for split in SPLITS}
    check_splits(splits)
    task_type(config).outputs_type.learn(config, source)
    return {split: len(samples) for split, samples in splits.items()}


def check_weights(config: Config) -> None:
    """Check that the initial weights of a config exist.

    Raises:
        DataError: the file of `encoder.weights` does not exist.
        RunError: the run of `init.run` has no weights.
    """
    from lrcn_seq.runs.folder import WEIGHTS

    weights = config.encoder.get("weights")
    if weights not in (None, "none", "imagenet") and not Path(weights).expanduser().is_file():
        raise DataError(
            "encoder.weights: expected none, imagenet, or a file of weights. "
            f"Received: {weights}; there is no such file."
        )
    if config.init and not (Path(config.init.run) / WEIGHTS).is_file():
        raise RunError(f"init.run: expected a run with {WEIGHTS}. Received: {config.init.run}.")
