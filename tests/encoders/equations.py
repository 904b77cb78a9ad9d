"""The operations of the encoders in NumPy."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from keras import ops


def array(tensor: Any) -> np.ndarray:
    """Return a tensor as a NumPy array."""
    return ops.convert_to_numpy(tensor)


def convolve(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Convolve x (*space, C) with a kernel (3, ..., 3, C, F), with zero padding."""
    space = x.shape[:-1]
    padded = np.pad(x, [(1, 1)] * len(space) + [(0, 0)])
    result = np.zeros((*space, kernel.shape[-1]))
    for offset in product(range(3), repeat=len(space)):
        window = tuple(slice(o, o + n) for o, n in zip(offset, space, strict=True))
        result += padded[window] @ kernel[offset]
    return result


def max_pool(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Return the maximum over pairs along each of the axes; the last of an odd number is kept."""
    for axis in axes:
        x = np.maximum.reduceat(x, range(0, x.shape[axis], 2), axis=axis)
    return x
