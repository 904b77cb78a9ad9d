"""Layers whose weights start as zeros, because their values are loaded afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import keras


@contextmanager
def zero_weights() -> Iterator[None]:
    """Create the weights of layers that are built within a `with` block as zeros.

    Random initial values, above all orthogonal ones, take a third of the time of building a
    network.
    """
    add_weight = keras.layers.Layer.add_weight

    def with_zeros(layer: keras.layers.Layer, shape: Any = None, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("initializer", None)
        return add_weight(layer, shape, "zeros", *args[1:], **kwargs)

    keras.layers.Layer.add_weight = with_zeros
    try:
        with _shared_variable_name():
            yield
    finally:
        keras.layers.Layer.add_weight = add_weight


def _shared_variable_name() -> AbstractContextManager[None]:
    """Give all variables of TensorFlow the same name within a `with` block.

    TensorFlow creates a kernel for every name and shape, which takes longer than the rest of a
    variable. Keras has its own names of variables.
    """
    if keras.backend.backend() != "tensorflow":
        return nullcontext()
    import tensorflow as tf

    def create(create_variable: Callable[..., Any], **kwargs: Any) -> Any:
        with tf.name_scope(""):
            return create_variable(**{**kwargs, "name": "weight"})

    scope: AbstractContextManager[None] = tf.variable_creator_scope(create)
    return scope
