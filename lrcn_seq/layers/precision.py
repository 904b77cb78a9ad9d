"""Networks built by other code under the precision of the part that holds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras


@contextmanager
def built_under(policy) -> Iterator[None]:
    """While it lasts, layers are made under this dtype policy, not under the global one."""
    outer = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(outer)


def at_least_float32(dtype: str) -> str:
    """The type for sums and logits of this type: float64 stays, anything narrower than float32 is widened."""
    return "float64" if dtype == "float64" else "float32"
