"""A bound on the number of weights of a network, checked before their memory is allocated."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from lrcn_seq.errors import ArgumentError

WEIGHTS_LIMIT = 1_000_000_000
"""Largest number of weights of a network; in float32, this many take 4 GB."""


@contextmanager
def limited_weights(limit: int = WEIGHTS_LIMIT) -> Iterator[None]:
    """Within a `with` block, refuse to build a network with too many weights.

    All layers, including those of Keras and KerasHub, create their weights with `Layer.add_weight`,
    which is replaced in the block by a function that counts the weights.

    Raises:
        ArgumentError: the weights exceed the limit.
    """
    add_weight, total = keras.layers.Layer.add_weight, 0

    def counted(layer: keras.layers.Layer, shape: Any = None, *args: Any, **kwargs: Any) -> Any:
        nonlocal total
        sizes = [shape] if isinstance(shape, int) else shape or ()
        total += math.prod(size or 0 for size in sizes)
        if total > limit:
            raise ArgumentError(
                f"expected a network of at most {limit:,} weights. Received: {total:,} or more, "
                f"{tuple(sizes)} of them in the layer {layer.name}; lower its sizes."
            )
        return add_weight(layer, shape, *args, **kwargs)

    keras.layers.Layer.add_weight = counted
    try:
        yield
    finally:
        keras.layers.Layer.add_weight = add_weight
