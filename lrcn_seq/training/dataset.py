"""The batches of a feed in the form that `fit` takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf


class BatchSource:
    """Iterates over batches and keeps the error that ended them.

    TensorFlow passes on only the text of an error, not the error itself.

    Args:
        batches: the batches.
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
    """Return batches in the form that `fit` takes.

    Args:
        batches: records of arrays.

    Returns:
        A `tf.data.Dataset` with open shapes on TensorFlow (the adapters of Keras fix the shapes of
        the first batches), a generator on other backends.
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
    # The tuner finds nothing to tune here, and its thread delays the end of an epoch.
    options.autotune.enabled = False
    return data.with_options(options)


def _tensor_spec(array: np.ndarray) -> tf.TensorSpec:
    """Return a spec with fixed sizes of pixels and features, open numbers of rows and words."""
    import tensorflow as tf

    trailing = array.shape[1:] if array.ndim > 2 else (None,) * (array.ndim - 1)
    return tf.TensorSpec((None, *trailing), array.dtype)
