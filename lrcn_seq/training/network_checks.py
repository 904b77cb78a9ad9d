"""Problems of a config that are found by building its networks."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from lrcn_seq import config as configs
from lrcn_seq.errors import ConfigError, Problem
from lrcn_seq.tasks import build_network, check_config
from lrcn_seq.training.optimizer import learning_rate_multipliers

Shapes = dict[tuple[str, str], list[tuple[int, ...]]]
"""Weight shapes by part and type of the part; the type of an encoder is an empty string."""


def stage_problems(config: configs.Config) -> list[Problem]:
    """Build the networks of all stages and return their problems.

    Problems are unknown layers, sizes that do not fit, and weights whose shapes differ from those
    of the previous stage.

    Args:
        config: a config whose sections and parts are valid.
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
                "its weights do not fit those of the previous stage. Keep its arguments unchanged.",
            )
            for (part, kind), own in shapes.items()
            if before.get((part, kind), own) != own
        ]
        before = shapes
    return problems


def checked_shapes(config: configs.Config) -> Shapes:
    """Build the networks of a stage and return the shapes of their weights.

    Raises:
        ConfigError: the config has problems; the error lists all of them.
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
    """Return the parts whose weights the next stage keeps, without a decoder whose type changes."""
    same = before.decoder["type"] == after.decoder["type"]
    return ("encoder", "decoder") if same else ("encoder",)
