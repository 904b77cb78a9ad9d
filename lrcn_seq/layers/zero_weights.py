"""Layers whose weights start as zeros, because their values are loaded afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
        yield
    finally:
        keras.layers.Layer.add_weight = add_weight
