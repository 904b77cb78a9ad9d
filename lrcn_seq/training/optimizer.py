"""An optimizer of Keras with what the published recipes add: rates per part, Caffe's decay, a schedule with its scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import keras
from keras import ops

from lrcn_seq.config.schema import Optimizer, Schedule
from lrcn_seq.errors import ConfigError, Problem


def build(
    settings: Optimizer, schedule: Schedule, *, rates: Mapping[int, float], updates: int
) -> keras.optimizers.Optimizer:
    """The optimizer that a config describes.

    Args:
        rates: multipliers by `id` of a variable (see `rates_of`).
        updates: the length of the whole run in updates.
    """
    shared = dict(
        learning_rate=learning_rate(
            settings.learning_rate, schedule, updates, settings.gradient_accumulation_steps
        ),
        global_clipnorm=settings.global_clipnorm or None,
        weight_decay=settings.weight_decay or None,
        use_ema=bool(settings.ema_momentum),
        ema_momentum=settings.ema_momentum or 0.99,
        gradient_accumulation_steps=settings.gradient_accumulation_steps
        if settings.gradient_accumulation_steps > 1
        else None,
    )
    if settings.type == "adam":
        base, own = keras.optimizers.Adam, dict(beta_1=settings.momentum, beta_2=settings.beta_2)
    elif settings.type == "rmsprop":
        base, own = keras.optimizers.RMSprop, dict(momentum=settings.momentum)
    else:
        base, own = (
            keras.optimizers.SGD,
            dict(momentum=settings.momentum, nesterov=settings.nesterov),
        )
    optimizer = _with_rates(base)(**shared, **own)
    optimizer.rates, optimizer.l2 = MappingProxyType(dict(rates)), settings.l2
    return optimizer


@cache
def _with_rates(base: type) -> type:
    class WithRates(base):
        """Multiplies the rate of each variable, and its decoupled decay, by its own factor; adds `l2` × weight after clipping, as Caffe does."""

        rates: Mapping[int, float]
        l2: float

        def _groups(self, variables) -> dict[float, list[int]]:
            groups: dict[float, list[int]] = {}
            for position, variable in enumerate(variables):
                groups.setdefault(self.rates.get(id(variable), 1.0), []).append(position)
            return groups

        def _apply_weight_decay(self, variables):
            whole = self.weight_decay
            for rate, positions in self._groups(variables).items() if whole else ():
                self.weight_decay = whole * rate
                super()._apply_weight_decay([variables[p] for p in positions])
            self.weight_decay = whole

        def _backend_update_step(self, grads, trainable_variables, learning_rate):
            for rate, positions in self._groups(trainable_variables).items():
                if rate:
                    variables = [trainable_variables[p] for p in positions]
                    gradients = [
                        grads[p] + self.l2 * ops.convert_to_tensor(v) if self.l2 else grads[p]
                        for p, v in zip(positions, variables, strict=True)
                    ]
                    super()._backend_update_step(gradients, variables, learning_rate * rate)

    WithRates.__name__ = base.__name__
    return WithRates


def rates_of(task: keras.Model, rates: Mapping[str, float]) -> dict[int, float]:
    """Multipliers by `id` of variable, from multipliers by name: `encoder`, `decoder`, or `decoder/feature` for a layer or weight in it; the longest name counts.

    Raises:
        ConfigError: a name that no trainable variable has.
    """
    found: dict[int, float] = {}
    problems = []
    for name in sorted(rates, key=len):
        part, _, inside = name.partition("/")
        holder = {"encoder": task.encoder, "decoder": task.decoder}.get(part)
        matching = (
            [v for v in holder.trainable_variables if not inside or f"/{inside}/" in f"/{v.path}/"]
            if holder is not None
            else []
        )
        found |= {id(variable): rates[name] for variable in matching}
        if not matching:
            problems.append(
                Problem(
                    f"training.learning_rate_multipliers.{name}",
                    "no variable that trains has this name; expected encoder, decoder, or decoder/LAYER.",
                )
            )
    if problems:
        raise ConfigError(problems)
    return found


def learning_rate(rate: float, schedule: Schedule, updates: int, accumulate: int = 1):
    """A float, or the schedule as Keras has it. Keras counts batches, so accumulated batches are divided out."""
    if schedule.type == "constant" and not schedule.warmup:
        return rate
    return Curve(
        rate,
        schedule.type,
        warmup=schedule.warmup,
        every=schedule.every,
        factor=schedule.factor,
        updates=schedule.updates or updates,
        floor=schedule.floor,
        accumulate=accumulate,
    )


@keras.saving.register_keras_serializable("lrcn_seq")
class Curve(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up, then constant, steps or a half cosine, counted in updates."""

    def __init__(
        self,
        rate: float,
        type: str,
        *,
        warmup: int,
        every: int,
        factor: float,
        updates: int,
        floor: float,
        accumulate: int = 1,
    ):
        (
            self.rate,
            self.type,
            self.warmup,
            self.every,
            self.factor,
            self.updates,
            self.floor,
            self.accumulate,
        ) = rate, type, warmup, every, factor, updates, floor, accumulate

    def __call__(self, step):
        update = ops.floor(ops.cast(step, "float32") / self.accumulate)
        if self.type == "steps":
            shape = ops.power(float(self.factor), ops.floor(update / self.every))
        elif self.type == "cosine":
            share = ops.clip((update - self.warmup) / max(1, self.updates - self.warmup), 0.0, 1.0)
            shape = self.floor + (1 - self.floor) * 0.5 * (1 + ops.cos(math.pi * share))
        else:
            shape = ops.ones(())
        ramp = ops.minimum(1.0, (update + 1) / self.warmup) if self.warmup else 1.0
        return self.rate * shape * ramp

    def get_config(self):
        return dict(vars(self))
