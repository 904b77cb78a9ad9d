"""Random numbers that depend only on the seed of a row, and not on the other rows of the batch."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from lrcn_seq.records import Tensor
from lrcn_seq.search.base import Seed


class ConstantSeed(keras.random.SeedGenerator):  # type: ignore[misc]  # Keras has no types
    """A seed generator that always returns the same two integers, which may be tensors of a loop.

    The constructor of Keras is not called, because it creates a variable, and a loop on JAX cannot
    update a variable.

    Args:
        first: the seed.
        second: the position of a word in a sentence.
    """

    def __init__(self, first: Tensor | int, second: Tensor | int = 0):
        self.first, self.second = first, second

    def next(self, ordered: bool = True) -> Tensor:  # noqa: ARG002 - signature of Keras
        """Return the two integers as a tensor."""
        dtype = "int32" if keras.backend.backend() == "torch" else "uint32"
        return ops.cast(ops.stack([self.first, self.second]), dtype)


def row_seeds(seed: Seed, B: Any) -> Tensor:
    """Return one seed per row, (B,) int32.

    Args:
        seed: an integer gives all rows the same seed; a `SeedGenerator` draws new seeds; a tensor
            (B,) contains the seeds of the rows.
        B: the number of rows.
    """
    if isinstance(seed, int):
        same = keras.random.randint((), 0, 2**30, dtype="int32", seed=seed)
        return ops.zeros((B,), "int32") + same
    if isinstance(seed, keras.random.SeedGenerator):
        return keras.random.randint((B,), 0, 2**30, dtype="int32", seed=seed)
    return ops.cast(seed, "int32")


def row_uniforms(seeds: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return uniform random numbers (B, *shape) from 0 to 1; each row depends only on its seed."""
    return ops.map(lambda seed: keras.random.uniform(shape, seed=ConstantSeed(seed)), seeds)
