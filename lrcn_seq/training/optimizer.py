"""Keras optimizers with learning rate multipliers and the weight decay of Caffe."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import keras
from keras import ops

from lrcn_seq.config.schema import Optimizer, Schedule
from lrcn_seq.errors import ConfigError, Problem
from lrcn_seq.records import Tensor
from lrcn_seq.training.learning_rate import learning_rate


def build_optimizer(
    settings: Optimizer, schedule: Schedule, *, multipliers: Mapping[int, float], updates: int
) -> keras.optimizers.Optimizer:
    """Build the optimizer of a config.

    Args:
        settings: the section `training.optimizer`.
        schedule: the section `training.schedule`.
        multipliers: learning rate multipliers by the `id` of their variable.
        updates: number of updates in the stage.
    """
    arguments = settings.keras_arguments()
    rate = learning_rate(
        arguments["learning_rate"], schedule, updates, settings.gradient_accumulation_steps
    )
    base: type = type(keras.optimizers.get(settings.type))
    arguments["learning_rate"] = rate
    optimizer = _with_multipliers(base)(**arguments)
    optimizer.multipliers = MappingProxyType(dict(multipliers))
    optimizer.l2 = settings.l2
    return optimizer


@cache
def _with_multipliers(base: type) -> type:
    """Return a subclass of an optimizer with learning rate multipliers and L2 weight decay."""

    class WithMultipliers(base):
        """An optimizer that scales the learning rate and weight decay of variables by multipliers.

        As in Caffe, `l2` times the weight is added to the gradient after clipping.
        """

        multipliers: Mapping[int, float]
        l2: float
        weight_decay: Any

        def _positions(self, variables: list[keras.Variable]) -> dict[float, list[int]]:
            """Return the positions of variables, grouped by their learning rate multiplier."""
            groups: dict[float, list[int]] = {}
            for position, variable in enumerate(variables):
                multiplier = self.multipliers.get(id(variable), 1.0)
                groups.setdefault(multiplier, []).append(position)
            return groups

        def _apply_weight_decay(self, variables: list[keras.Variable]) -> None:
            decay = self.weight_decay
            if not decay:
                return
            for multiplier, positions in self._positions(variables).items():
                self.weight_decay = decay * multiplier
                super()._apply_weight_decay([variables[p] for p in positions])
            self.weight_decay = decay

        def _backend_update_step(
            self, grads: list[Tensor], trainable_variables: list[keras.Variable], rate: Tensor
        ) -> None:
            for multiplier, positions in self._positions(trainable_variables).items():
                if not multiplier:
                    continue
                variables = [trainable_variables[p] for p in positions]
                gradients = [grads[p] for p in positions]
                if self.l2:
                    gradients = [
                        gradient + self.l2 * ops.convert_to_tensor(variable)
                        for gradient, variable in zip(gradients, variables, strict=True)
                    ]
                super()._backend_update_step(gradients, variables, rate * multiplier)

    WithMultipliers.__name__ = base.__name__
    return WithMultipliers


def learning_rate_multipliers(
    task: keras.Model, multipliers: Mapping[str, float]
) -> dict[int, float]:
    """Return learning rate multipliers by the `id` of their variable.

    Args:
        task: a built task.
        multipliers: multipliers by name: `encoder`, `decoder`, or a layer or weight in one of them,
            such as `decoder/output_words/bias`. Longer names take precedence.

    Raises:
        ConfigError: a name does not match any trainable variable.
    """
    by_variable: dict[int, float] = {}
    problems = []
    for name in sorted(multipliers, key=len):
        part, _, path = name.partition("/")
        layer = {"encoder": task.encoder, "decoder": task.decoder}.get(part)
        variables = [
            variable
            for variable in (layer.trainable_variables if layer is not None else [])
            if not path or f"/{path}/" in f"/{variable.path}/"
        ]
        by_variable |= {id(variable): multipliers[name] for variable in variables}
        if not variables:
            problems.append(
                Problem(
                    f"training.learning_rate_multipliers.{name}",
                    "expected encoder, decoder, or a layer as in decoder/LAYER. Received: a name "
                    "that no trainable variable has.",
                )
            )
    if problems:
        raise ConfigError(problems)
    return by_variable
