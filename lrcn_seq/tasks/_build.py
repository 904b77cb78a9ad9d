"""Building of tasks from configs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import keras

from lrcn_seq import config as configs
from lrcn_seq.errors import ArgumentError, ConfigError, Problem
from lrcn_seq.layers.weight_limit import limited_weights
from lrcn_seq.records import Sample
from lrcn_seq.registry import decoders, encoders, sources, tasks
from lrcn_seq.tasks._classes import Classes
from lrcn_seq.tasks._outputs import Outputs
from lrcn_seq.tasks._vocabulary import Vocabulary
from lrcn_seq.tasks.base import Task

PROBE_SIZES = {"words": 5, "labels": 2}
"""Vocabulary size and number of classes of networks built to find problems or extract features."""


def build(
    config: str | Path | configs.Config,
    *,
    words: int | None = None,
    labels: int | Iterable[str] | None = None,
    captions: Iterable[str] | None = None,
    pretrained: bool = False,
) -> Task:
    """Build the task of a config as a `keras.Model` with initial weights.

    Args:
        config: a config, or the path of its YAML file.
        words: vocabulary size V, including the four special words; None to learn the vocabulary
            from `captions` or from the source.
        labels: class names, or number of classes C; None to learn the classes from the source.
        captions: captions from which the vocabulary is learned.
        pretrained: whether to load the pretrained weights of the encoder.

    Raises:
        ConfigError: the config has problems.
        DataError: the vocabulary or the classes cannot be learned from the source.
    """
    config = configs.read(config) if isinstance(config, (str, Path)) else config
    check_config(config)
    kind = task_type(config).outputs_type
    if issubclass(kind, Vocabulary) and captions is not None:
        sample = Sample("captions", "", "", "train", tuple(captions))
        return build_task(config, kind.learn(config, [sample]), pretrained=pretrained)
    if isinstance(labels, Iterable):
        return build_task(config, class_outputs(kind, labels), pretrained=pretrained)
    size = {"words": words, "labels": labels}.get(kind.size_name)
    if size is not None:
        return build_network(config, size, pretrained=pretrained)
    source = sources.build(config.data.source, place="data.source")
    return build_task(config, kind.learn(config, source), pretrained=pretrained)


def class_outputs(kind: type[Outputs], labels: Iterable[str]) -> Outputs:
    """Return the outputs of a task for class names; raise ArgumentError if it has no classes."""
    names = [labels] if isinstance(labels, str) else list(labels)
    if not issubclass(kind, Classes) or len(set(names)) < 2 or len(set(names)) < len(names):
        raise ArgumentError(
            "labels: expected two or more different class names for a task with classes. Received: "
            f"labels={names!r}."
        )
    return kind(names)


def build_task(config: configs.Config, outputs: Outputs, *, pretrained: bool = False) -> Task:
    """Build the task of a valid config for a given vocabulary or given classes.

    Args:
        config: a config without problems.
        outputs: the vocabulary or the classes.
        pretrained: whether to load the pretrained weights of the encoder.
    """
    task = build_network(config, len(outputs.names), pretrained=pretrained)
    task.outputs = outputs
    return task


def build_network(
    config: configs.Config, size: int | None = None, *, pretrained: bool = False
) -> Task:
    """Build the networks of a valid config for a number of words or classes.

    Args:
        config: a config without problems.
        size: vocabulary size or number of classes; None for the small size of `PROBE_SIZES`.
        pretrained: whether to load the pretrained weights of the encoder.

    Returns:
        A task without a vocabulary or class names.

    Raises:
        ArgumentError: the size is invalid, or the network has more than `WEIGHTS_LIMIT` weights.
    """
    kind = task_type(config)
    size = PROBE_SIZES.get(kind.outputs_type.size_name, 5) if size is None else size
    kind.outputs_type.check_size(size)
    set_precision(config.training.precision)
    keras.utils.set_random_seed(config.seed)
    derived = {kind.outputs_type.decoder_argument: size}
    if "words_limit" in decoders.get(config.decoder["type"]).derived:
        derived["words_limit"] = config.data.words_limit
    with limited_weights():
        task = kind(
            encoders.build(config.encoder, place="encoder", name="encoder"),
            decoders.build(config.decoder, place="decoder", name="decoder", **derived),
            config,
            **{name: value for name, value in config.task.items() if name != "type"},
        )
        task.build()
    if pretrained:
        task.encoder.load_pretrained()
    return task


def task_type(config: configs.Config) -> type[Task]:
    """Return the class of the task that a config names."""
    return tasks.get(config.task["type"])


def check_config(config: configs.Config) -> None:
    """Raise ConfigError if the decoder does not fit the task or there are other problems."""
    problems = decoder_problems(config) or task_type(config).problems(config)
    if problems := [*problems, *dev_problems(config)]:
        raise ConfigError(problems)


def dev_problems(config: configs.Config) -> list[Problem]:
    """Return a problem for each key that chooses an epoch by its score on trained dev samples."""
    if not config.training.train_on_dev:
        return []
    return [
        Problem(
            f"training.{key}",
            "dev is trained on (training.train_on_dev), so its scores cannot choose an epoch. "
            f"Received: {value!r}; remove the key, or set it to {never!r}.",
        )
        for key, never in (("patience", 0), ("restore_best_weights", False))
        if (value := getattr(config.training, key)) not in ("auto", never)
    ]


def decoder_problems(config: configs.Config) -> list[Problem]:
    """Return a problem if the decoder predicts words but the task needs classes, or vice versa."""
    argument, name = task_type(config).outputs_type.decoder_argument, config.decoder["type"]
    if argument in decoders.get(name).derived:
        return []
    fitting = [other for other in decoders.names() if argument in decoders.get(other).derived]
    return [
        Problem(
            "decoder.type",
            f"{config.task['type']} expects a decoder that predicts its "
            f"{argument.replace('_size', '')}: {', '.join(fitting)}. Received: {name!r}.",
        )
    ]


def set_precision(precision: str) -> None:
    """Set the dtype policy of Keras; see `resolve_precision`."""
    keras.config.set_dtype_policy(resolve_precision(precision))


def resolve_precision(precision: str) -> str:
    """Return the dtype policy of a precision.

    Args:
        precision: a dtype policy, or `auto` for mixed_bfloat16 on a GPU or TPU and float32 on a
            CPU, where small networks run slower in mixed precision.
    """
    if precision != "auto":
        return precision
    return "mixed_bfloat16" if has_accelerator() else "float32"


def has_accelerator() -> bool:
    """Return whether a GPU or TPU is available."""
    if keras.backend.backend() == "torch":  # Keras lists no devices for this backend
        import torch

        return bool(torch.cuda.is_available())
    return any(not device.startswith("cpu") for device in keras.distribution.list_devices())
