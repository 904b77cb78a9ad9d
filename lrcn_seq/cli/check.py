"""Check a config and report every problem at once, without training."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lrcn_seq.cli._arguments import add_config
from lrcn_seq.cli._keras_import import import_keras
from lrcn_seq.errors import ConfigError, DataError, RunError
from lrcn_seq.terminal import print_error, print_line, print_note

if TYPE_CHECKING:
    from lrcn_seq.config import Config
    from lrcn_seq.data.sources import Source
    from lrcn_seq.records import Sample

LISTED = 10
"""Largest number of unreadable files that are listed by name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_config(parser)
    parser.add_argument(
        "--data",
        action="store_true",
        help="open every file, also that of the weights, and treat missing or insufficient data as "
        "an error instead of a warning",
    )


def run(arguments: argparse.Namespace) -> int:
    """Check a config, build its networks, read its data source, and look for its weights."""
    from lrcn_seq import config as configs

    config = configs.read(arguments.config, arguments.overrides)
    source = open_source(config)  # before Keras is imported, which takes seconds
    if arguments.data and isinstance(source, DataError):
        print_error(f"error: {source}")
        return 1
    import_keras()
    from lrcn_seq.training.network_checks import stage_problems

    if problems := stage_problems(config):
        raise ConfigError(problems, arguments.config)
    try:
        splits = read_splits(config, source)
        check_weights(config)
        if arguments.data:
            open_weights(config)
    except (DataError, RunError) as error:
        if arguments.data:
            print_error(f"error: {error}")
            return 1
        print_note(f"warning: {error}")
        print_line(f"{arguments.config}: Config is valid; its data is missing or insufficient.")
        return 0
    if arguments.data:
        print_advice(config, splits)
    if arguments.data and not check_media(config, [s for part in splits.values() for s in part]):
        return 1
    sizes = ", ".join(f"{len(samples)} {split}" for split, samples in splits.items())
    print_line(f"{arguments.config}: Config is valid; {sizes} samples.")
    return 0


def open_source(config: Config) -> Source | DataError:
    """Open the data source of a config, or return the error if it cannot be read."""
    from lrcn_seq.registry import sources

    try:
        source: Source = sources.build(config.data.source, place="data.source")
    except DataError as error:
        return error
    return source


def read_splits(config: Config, source: Source | DataError) -> dict[str, list[Sample]]:
    """Return the samples of each split of a data source.

    Args:
        config: the config.
        source: the source, or the error of reading it.

    Raises:
        DataError: the source cannot be read or has too few samples.
    """
    from lrcn_seq.runs.corpus import check_splits, describe_splits, divide, print_notes
    from lrcn_seq.tasks import task_type

    if isinstance(source, DataError):
        raise source
    print_notes(source.notes)
    splits = divide(source)
    check_splits(splits)
    task_type(config).outputs_type.learn(config, source)
    print_notes(describe_splits(splits, config))
    return splits


def print_advice(config: Config, splits: Mapping[str, Sequence[Sample]]) -> None:
    """Print advice on few or one-sided data, and the values of keys that are `auto`."""
    from lrcn_seq import config as configs
    from lrcn_seq.runs.corpus import data_size, print_notes
    from lrcn_seq.runs.data_advice import data_advice

    print_notes(data_advice(splits, config))
    if values := configs.sized_values(config, configs.size_config(config, data_size(splits))):
        print_note(f"Training is sized to the data: {', '.join(values)}.")


def check_media(config: Config, samples: Sequence[Sample]) -> bool:
    """Open the file of every sample, as training does, and list the files that cannot be read.

    Args:
        config: the config; `data.on_error` and `data.lost_share_limit` say what training skips.
        samples: the samples of all splits.

    Returns:
        Whether training would start.
    """
    from lrcn_seq.data.survey import find_unreadable
    from lrcn_seq.progress import progress_bar
    from lrcn_seq.runs.corpus import survey_reader
    from lrcn_seq.tasks import content_index

    index = content_index(config)
    index.path = None  # use what earlier trainings recorded, but write nothing
    with progress_bar("opening files") as progress:
        unreadable = find_unreadable(samples, survey_reader(config, index), progress=progress)
    skipped = config.data.on_error == "skip" and (
        len(unreadable) <= config.data.lost_share_limit * len(samples)
    )
    show = print_note if skipped else print_error
    for sample in unreadable[:LISTED]:
        show(f"{'warning' if skipped else 'error'}: {sample}")
    if len(unreadable) > LISTED:
        show(f"{len(unreadable) - LISTED:,} more files cannot be read.")
    if len(unreadable) == len(samples) and "table" in config.data.source:
        show("None of the files can be read; paths in a table are relative to its folder.")
    return skipped or not unreadable


def check_weights(config: Config) -> None:
    """Check that the initial weights of a config exist.

    Raises:
        DataError: the file of `encoder.weights` does not exist.
        RunError: the run of `init.run` has no weights.
    """
    from lrcn_seq.runs.folder import WEIGHTS

    weights = weights_file(config)
    if weights is not None and not Path(weights).expanduser().is_file():
        raise DataError(
            "encoder.weights: expected none, imagenet, or a file of weights. "
            f"Received: {weights}; there is no such file."
        )
    if config.init and not (Path(config.init.run) / WEIGHTS).is_file():
        raise RunError(f"init.run: expected a run with {WEIGHTS}. Received: {config.init.run}.")


def weights_file(config: Config) -> str | None:
    """Return the file of `encoder.weights`, or None if it is `none` or `imagenet`."""
    weights = config.encoder.get("weights")
    return None if weights in (None, "none", "imagenet") else str(weights)


def open_weights(config: Config) -> None:
    """Load the file of `encoder.weights` into the encoder, as training does.

    Raises:
        DataError: the file is broken, or of a network of another type or width.
    """
    from lrcn_seq.tasks import build_network

    if weights_file(config) is not None:
        build_network(config, pretrained=True)
