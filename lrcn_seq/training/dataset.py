"""Adapters from the batches of a feed to the input of `fit`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf


class BatchSource:
    """Iterates over batches and keeps the exception that ended the iteration.

    TensorFlow reports only the text of an exception that is raised in a generator.

    Args:
        batches: the batches.

    Attributes:
        error: the exception, or None.
    """

    def __init__(self, batches: Iterable[Any]):
        self.batches = batches
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self.batches
        except Exception as error:
            self.error = error
            raise


def as_dataset(batches: Iterable[Any]) -> Any:
    """Wrap batches for `fit`.

    Args:
        batches: records of arrays, at least one.

    Returns:
        On TensorFlow a `tf.data.Dataset` with open shapes, since the adapters of Keras infer the
        shapes from the first batches; on other backends a generator.
    """
    if keras.backend.backend() != "tensorflow":
        return ((batch,) for batch in batches)
    import tensorflow as tf

    remaining = iter(batches)
    first = next(remaining)
    signature = (keras.tree.map_structure(_tensor_spec, first),)
    data = tf.data.Dataset.from_generator(
        lambda: ((batch,) for batch in chain([first], remaining)), output_signature=signature
    ).prefetch(2)
    options = tf.data.Options()
    # There is nothing to tune, and the thread of the tuner delays the end of an epoch.
    options.autotune.enabled = False
    return data.with_options(options)


def _tensor_spec(array: np.ndarray) -> tf.TensorSpec:
    """Return a spec with fixed image and feature sizes and open numbers of rows and words."""
    import tensorflow as tf

    trailing = array.shape[1:] if array.ndim > 2 else (None,) * (array.ndim - 1)
    return tf.TensorSpec((None, *trailing), array.dtype)
