"""Arrays, paths and strings as a data set for `fit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Batch, Sample
from lrcn_seq.tasks._batch_dataset import BatchDataset, check_weights
from lrcn_seq.tasks._classes import Classes
from lrcn_seq.tasks._media import media_list

if TYPE_CHECKING:
    from lrcn_seq.tasks.base import Task


def array_dataset(
    task: Task,
    x: Any,
    y: Any,
    *,
    batch_size: int | None = None,
    sample_weight: Any = None,
    class_weight: Mapping[Any, float] | None = None,
) -> BatchDataset:
    """Return inputs with their captions or labels as a data set.

    Args:
        task: the task.
        x: paths, PIL images, or arrays.
        y: the caption or captions, or the class name or index, of each input.
        batch_size: number of captions or labeled clips per batch; None for that of the config.
        sample_weight: (M,) weights of the inputs in the loss.
        class_weight: weights by class name or class index.

    Raises:
        ArgumentError: the arguments differ in length or type.
    """
    samples = array_samples(task, x, y)
    weights = sample_weights(task, samples, sample_weight, class_weight)
    return BatchDataset(task, samples, batch_size=batch_size, weights=weights)


def array_samples(task: Task, x: Any, y: Any) -> list[Sample]:
    """Return a training sample for each input and its target."""
    media, targets = media_list(x, task.media.kind).media, target_list(y)
    if len(media) != len(targets):
        raise ArgumentError(
            f"x and y: expected one target per input. Received: {len(media):,} inputs and "
            f"{len(targets):,} targets."
        )
    return [
        task.annotate(Sample(str(position), item, str(position), "train"), target)
        for position, (item, target) in enumerate(zip(media, targets, strict=True))
    ]


def target_list(y: Any) -> list[Any]:
    """Return targets as a list; raise ArgumentError if there are none."""
    if y is None or isinstance(y, (str, bytes)) or (hasattr(y, "__array__") and np.ndim(y) == 0):
        raise ArgumentError(
            "y: expected one target per input: a caption, captions or a class. Received: "
            f"{type(y).__name__}; give a list, or batch the data set."
        )
    return list(np.asarray(y)) if hasattr(y, "__array__") else list(y)


def convert_pair(
    task: Task,
    x: Any,
    y: Any,
    weights: Any = None,
    class_weight: Mapping[Any, float] | None = None,
) -> tuple[Any, ...]:
    """Return a batch of inputs and targets as `(record,)` or `(record, targets, weights)`."""
    samples = array_samples(task, x, y)
    record = task.record(samples)
    own = sample_weights(task, samples, weights, class_weight)
    if own is None:
        return (record,)
    return record, record[-1], own[record.owner] if isinstance(record, Batch) else own


def sample_weights(
    task: Task,
    samples: Sequence[Sample],
    sample_weight: Any,
    class_weight: Mapping[Any, float] | None,
) -> np.ndarray | None:
    """Return the weight of each sample in the loss, (M,); None for equal weights."""
    weights = None if sample_weight is None else check_weights(sample_weight, len(samples))
    if class_weight is None:
        return weights
    factors = class_factors(samples, task, class_weight)
    return factors if weights is None else weights * factors


def class_factors(
    samples: Sequence[Sample], task: Task, class_weight: Mapping[Any, float]
) -> np.ndarray:
    """Return the class weight of each sample, (M,); 1 for classes without a weight."""
    if not issubclass(task.outputs_type, Classes):
        raise ArgumentError(
            f"class_weight: expected a task with classes. Received: the task {task.name}; use "
            "sample_weight."
        )
    names = list(task.output_names)
    weights = {names[key] if isinstance(key, int) else key: w for key, w in class_weight.items()}
    return np.array([weights.get(sample.label, 1.0) for sample in samples], np.float32)


def split_inputs(task: Task, x: Any, y: Any, weights: Any, share: float) -> tuple[Any, Any]:
    """Split inputs, targets and weights into training and validation data, as in Keras.

    Args:
        task: the task.
        x: inputs, not a data set.
        y: targets.
        weights: (M,) weights or None.
        share: share of the inputs to hold out, taken from the end.

    Returns:
        The training data and the validation data, each `(x, y, weights)`.

    Raises:
        ArgumentError: the share leaves no inputs for one of them.
    """
    media, targets = media_list(x, task.media.kind).media, target_list(y)
    kept = int(len(media) * (1 - share))
    if not 0 < kept < len(media):
        raise ArgumentError(
            "validation_split: expected a share that leaves inputs for training and validation. "
            f"Received: validation_split={share} with {len(media):,} inputs."
        )
    own = None if weights is None else check_weights(weights, len(media))
    parts = (slice(kept), slice(kept, None))
    training, validation = (
        (media[part], targets[part], None if own is None else own[part]) for part in parts
    )
    return training, validation
