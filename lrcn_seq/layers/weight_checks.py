"""A check of the values of weights: damaged ones would silently give predictions of noise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

LARGEST = 1e10
"""Largest magnitude of a weight; trained weights are smaller by orders of magnitude."""


def variable_problem(variables: Iterable[keras.Variable]) -> str | None:
    """Return the problem of the first variable with a value that no weight has, or None."""
    from keras import ops  # not above: the states of a run are checked without Keras

    return array_problem((variable.path, ops.convert_to_numpy(variable)) for variable in variables)


def array_problem(arrays: Iterable[tuple[str, Any]]) -> str | None:
    """Return the problem of the first array with a value that no weight has, or None.

    Args:
        arrays: Names and arrays.
    """
    for name, values in arrays:
        if values.dtype.kind not in "fiub" and values.dtype.name != "bfloat16":
            return f"{name} of dtype {values.dtype}"
        # NaN fails both comparisons, and no array of booleans is needed.
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
        if not (low >= -LARGEST and high <= LARGEST):
            return f"{name} with values from {low:.3g} to {high:.3g}"
    return None
