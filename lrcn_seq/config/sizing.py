"""Sizes of a training that the config leaves to the data: the keys with the value `auto`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lrcn_seq.config.schema import Auto, Config, Training
from lrcn_seq.config.stages import stage_configs
from lrcn_seq.config.validation import validate

BATCH_SIZES = (64, 32, 16)
"""Batch sizes in order of preference; data sets too small for any of them use the last one."""
UPDATES_PER_EPOCH = 32
"""Smallest number of updates per epoch for which a larger batch is chosen."""
UPDATES = 1_500
"""Number of updates that an overfitted network needs, and thus any network at least."""
USUAL_EPOCHS = 30
"""Number of epochs of a training that takes neither many nor few updates."""
USUAL_UPDATES = 5_000
"""Number of updates beyond which a training has fewer epochs than usual."""
EPOCHS = (12, 300)
"""Smallest and largest number of epochs."""
PATIENCE = 5
"""Smallest number of epochs of patience."""
DEV_SAMPLES = 20
"""Smallest number of dev samples whose scores can select an epoch."""
MANY_UPDATES = 3_000
"""Number of updates from which on the learning rate is the smaller one."""
LEARNING_RATES = (0.002, 0.001)
"""Learning rate of few and of many updates."""
SIZED_KEYS = (
    "batch_size",
    "epochs",
    "optimizer.learning_rate",
    "patience",
    "start_from_epoch",
    "restore_best_weights",
)
"""The keys below the section `training` that may be `auto`."""


class DataSize(NamedTuple):
    """The size of the data of a training.

    Attributes:
        targets: number of training captions, or of labeled training clips.
        dev: number of dev samples that are scored after an epoch.
    """

    targets: int
    dev: int


def size_training(training: Training, size: DataSize) -> Training:
    """Replace `auto` by values that suit the size of the data.

    Batches are as large as 32 updates per epoch allow, from 16 to 64; see `size_epochs` for the
    number of epochs. The learning rate is 0.001, or 0.002 for fewer than 3,000 updates. Patience is
    a quarter of the epochs and begins after the warmup. With fewer than 20 dev samples, scores
    depend on chance, and with `train_on_dev` they are those of training samples: there is no
    patience, and without patience the weights of the last epoch are kept.
    """
    batch = _sized(training.batch_size, size_batch(size.targets))
    batches = max(1, math.ceil(size.targets / batch))
    accumulated = training.optimizer.gradient_accumulation_steps
    epochs = _sized(training.epochs, size_epochs(batches / accumulated))
    updates = batches * epochs // accumulated
    warmup = count_updates(training.schedule.warmup, updates)
    few = min(size.dev, training.dev_limit or size.dev) < DEV_SAMPLES or training.train_on_dev
    patience = _sized(training.patience, 0 if few else max(PATIENCE, math.ceil(epochs / 4)))
    values = {
        "batch_size": batch,
        "epochs": epochs,
        "optimizer.learning_rate": LEARNING_RATES[updates >= MANY_UPDATES],
        "patience": patience,
        "start_from_epoch": math.ceil(warmup * accumulated / batches),
        "restore_best_weights": not few or patience > 0,
    }
    return _replace_values(training, values)


def _replace_values(training: Training, values: Mapping[str, Any]) -> Training:
    """Return the section with values, by dotted key, in place of `auto`."""
    tree = _with_values({"training": training.model_dump()}, values)
    return Training.model_validate(tree["training"])


def _value_of(training: Training, key: str) -> Any:
    """Return the value of a dotted key below the section `training`."""
    value: Any = training
    for name in key.split("."):
        value = getattr(value, name)
    return value


def _sized(value: int | Auto, size: int) -> int:
    return size if isinstance(value, str) else value


def size_batch(targets: int) -> int:
    """Return the batch size for a number of training captions or clips."""
    fitting = (batch for batch in BATCH_SIZES if targets >= batch * UPDATES_PER_EPOCH)
    return next(fitting, BATCH_SIZES[-1])


def size_epochs(updates: float) -> int:
    """Return the number of epochs for a number of updates per epoch.

    There are 30 epochs, or fewer if these take more than 5,000 updates, or more if they take fewer
    than 1,500. There are at least 12 and at most 300.
    """
    fewest, most = EPOCHS
    usual = min(USUAL_EPOCHS, int(USUAL_UPDATES / updates))
    return min(max(math.ceil(UPDATES / updates), usual, fewest), most)


def count_updates(length: float, updates: int) -> int:
    """Return a length as a number of updates.

    Args:
        length: A number of updates, or as a float a share of all updates.
        updates: The number of all updates.
    """
    return round(length * updates) if isinstance(length, float) else length


def size_config(config: Config, size: DataSize) -> Config:
    """Replace `auto` in the section `training` of a config and in its stages.

    Args:
        config: A config that states every key.
        size: The size of the data.
    """
    base = config.model_copy(update={"training": size_training(config.training, size)})
    stages = [size_training(stage.training, size) for stage in stage_configs(base)]
    return _replace_auto(config, base.training, stages)


def sized_values(config: Config, sized: Config) -> list[str]:
    """Return `key=value` for each key of the section `training` that was sized to the data."""
    return [
        f"training.{key}={str(_value_of(sized.training, key)).lower()}"
        for key in SIZED_KEYS
        if _value_of(config.training, key) == "auto"
    ]


def restore_sizes(config: Config, run: Config) -> Config:
    """Replace `auto` by the values with which a run began.

    Args:
        config: A config that states every key.
        run: The config of the run.
    """
    stages = [stage.training for stage in stage_configs(run)]
    return _replace_auto(config, run.training, stages)


def _replace_auto(config: Config, base: Training, stages: Sequence[Training]) -> Config:
    """Replace `auto` in the section `training` of a config and of its stages by given values."""
    tree = config.model_dump()
    numbers = range(min(len(tree["stages"]), len(stages)))
    for number in numbers:
        tree["stages"][number] = _with_values(tree["stages"][number], _sizes(stages[number]))
    return validate(_with_values(tree, _sizes(base)))


def _sizes(training: Training) -> dict[str, Any]:
    """Return the values of the keys that may be `auto`, by dotted key."""
    return {key: _value_of(training, key) for key in SIZED_KEYS}


def _with_values(
    tree: Mapping[str, Any], values: Mapping[str, Any], place: str = ""
) -> dict[str, Any]:
    """Return a copy of the mapping under a key prefix, with values in place of `auto`.

    Args:
        tree: the mapping of a config or of a part of it.
        values: the values by dotted key below `training`.
        place: the dotted key of the mapping with a final dot, or an empty string.
    """
    result = dict(tree)
    for name, value in tree.items():
        section, _, key = f"{place}{name}".partition(".")
        if isinstance(value, dict):
            result[name] = _with_values(value, values, f"{place}{name}.")
        elif value == "auto" and section == "training" and key in values:
            result[name] = values[key]
    return result
