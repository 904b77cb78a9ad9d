"""Batches as the input of Keras's `fit` and `evaluate`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf


class BatchSource:
    """An iterable over batches that keeps the exception that ended an iteration.

    TensorFlow reports only the text of an exception raised in a generator.

    Args:
        batches: the batches.

    Attributes:
        error: the exception that ended the iteration, or None.
        samples: number of captions or clips in the batches so far.
    """

    def __init__(self, batches: Iterable[Any]):
        self.batches = batches
        self.error: Exception | None = None
        self.samples = 0

    def __iter__(self) -> Iterator[Any]:
        try:
            for batch in self.batches:
                last = keras.tree.flatten(batch)[-1]  # the captions, or the weights of the clips
                self.samples += len(last) if np.ndim(last) else 1
                yield batch
        except Exception as error:
            self.error = error
            raise


def as_dataset(batches: Iterable[Any]) -> Any:
    """Return the batches as a dataset for `fit`.

    Args:
        batches: one or more records of arrays.

    Returns:
        A generator; on TensorFlow a `tf.data.Dataset` with variable shapes, because the adapters of
        Keras infer the shapes from the first batches.
    """
    if keras.backend.backend() != "tensorflow":
        return ((batch,) for batch in batches)
    remaining = iter(batches)
    first = next(remaining)
    return tf_dataset(lambda: ((batch,) for batch in chain([first], remaining)), (first,))


def tf_dataset(
    iterate: Callable[[], Iterator[Any]], example: Any, *, size: int | None = None
) -> Any:
    """Return a `tf.data.Dataset` with variable shapes.

    Args:
        iterate: returns an iterator over the elements; called once per epoch.
        example: an element, which determines the structure and the types.
        size: number of elements of an epoch, which must be exact; None if it is unknown.
    """
    import tensorflow as tf

    signature = keras.tree.map_structure(_tensor_spec, example)
    data = tf.data.Dataset.from_generator(iterate, output_signature=signature).prefetch(2)
    options = tf.data.Options()
    # The autotuner has nothing to tune here, and its thread delays the end of an epoch.
    options.autotune.enabled = False
    data = data.with_options(options)
    return data if size is None else data.apply(tf.data.experimental.assert_cardinality(size))


def _tensor_spec(array: np.ndarray) -> tf.TensorSpec:
    """Return the spec of an array; the first axis, and all axes of a matrix, are variable."""
    import tensorflow as tf

    trailing = array.shape[1:] if array.ndim > 2 else (None,) * (array.ndim - 1)
    return tf.TensorSpec((None, *trailing), array.dtype)
