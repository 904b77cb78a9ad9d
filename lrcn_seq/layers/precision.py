"""Numeric precision: dtype policies and accumulation dtypes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras


@contextmanager
def built_under(policy: keras.DTypePolicy | str) -> Iterator[None]:
    """Set the global dtype policy within a `with` block.

    Layers created in the block, including those created by Keras or KerasHub, use this policy.

    Args:
        policy: a dtype policy or its name, e.g. `mixed_float16`.
    """
    outer = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(outer)


def at_least_float32(dtype: str) -> str:
    """Return the dtype of sums and logits: float64 for float64, otherwise float32."""
    return "float64" if dtype == "float64" else "float32"
