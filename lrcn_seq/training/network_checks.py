"""Problems of a config that only its built networks show."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from lrcn_seq import config as configs
from lrcn_seq.errors import ConfigError, Problem
from lrcn_seq.tasks import build_network, check_config
from lrcn_seq.training.optimizer import learning_rate_multipliers

Shapes = dict[tuple[str, str], list[tuple[int, ...]]]
"""Shapes of weights by part, and for the decoder by its type."""


def stage_problems(config: configs.Config) -> list[Problem]:
    """Return the problems that show when the networks of all stages are built.

    These are layers that do not exist, sizes that do not fit, and weights that a stage cannot
    take over from the stage before.

    Args:
        config: a config whose sections and parts are valid.

    Returns:
        The problems of all stages, each with its place.
    """
    problems: list[Problem] = []
    before: Shapes = {}
    for number, stage in enumerate(configs.stage_configs(config)):
        place = f"stages.{number}." if config.stages else ""
        try:
            shapes = checked_shapes(stage)
        except ConfigError as error:
            problems += [one._replace(place=f"{place}{one.place}") for one in error.problems]
            continue
        problems += [
            Problem(
                f"{place}{part}",
                "its weights do not fit those of the stage before. Keep its arguments unchanged.",
            )
            for (part, kind), own in shapes.items()
            if before.get((part, kind), own) != own
        ]
        before = shapes
    return problems


def checked_shapes(config: configs.Config) -> Shapes:
    """Build the networks of a stage and return the shapes of their weights.

    Raises:
        ConfigError: the config has problems.
    """
    check_config(config)
    task = build_network(config)
    learning_rate_multipliers(task, config.training.learning_rate_multipliers)
    if problems := task.network_problems():
        raise ConfigError(problems)
    return {
        ("encoder", ""): weight_shapes(task.encoder),
        ("decoder", config.decoder["type"]): weight_shapes(task.decoder),
    }


def weight_shapes(part: keras.layers.Layer) -> list[tuple[int, ...]]:
    """Return the shapes of the weights of an encoder or decoder, in order."""
    return [tuple(weight.shape) for weight in part.weights]


def shared_parts(before: configs.Config, after: configs.Config) -> Sequence[str]:
    """Return the parts whose weights pass from one stage to the next; not a replaced decoder."""
    same = before.decoder["type"] == after.decoder["type"]
    return ("encoder", "decoder") if same else ("encoder",)
