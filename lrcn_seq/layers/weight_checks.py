"""A check for damaged weights, which would silently give meaningless predictions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

LARGEST = 1e10
"""Largest magnitude of a weight; trained weights are smaller by orders of magnitude."""


def variable_problem(variables: Iterable[keras.Variable]) -> str | None:
    """Return a description of the first variable with implausible values or dtype, or None."""
    from keras import ops  # `array_problem` must work without importing Keras

    return array_problem((variable.path, ops.convert_to_numpy(variable)) for variable in variables)


def array_problem(arrays: Iterable[tuple[str, Any]]) -> str | None:
    """Return a description of the first array with implausible values or dtype, or None.

    Args:
        arrays: Pairs of a name and an array.
    """
    for name, values in arrays:
        if values.dtype.kind not in "fiub" and values.dtype.name != "bfloat16":
            return f"{name} of dtype {values.dtype}"
        # If any value is NaN, the extremes are NaN, which fail both comparisons.
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
        if not (low >= -LARGEST and high <= LARGEST):
            return f"{name} with values from {low:.3g} to {high:.3g}"
    return None
