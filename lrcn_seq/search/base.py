"""The interface of a search."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from keras.random import SeedGenerator

from lrcn_seq.records import Hypotheses, Special, StepOutput, Tensor

Tree = Any
"""A nested structure (tuples, lists, dicts) of tensors, any of which may be None."""

Step = Callable[[Tensor, Tree, Tree], StepOutput]
"""`step(word, state, memory)` with word (N,) int32 returns logits (N, V) and the next state."""


class Search(ABC):
    """A search that decodes sentences with a step function.

    It is independent of networks and uses only `keras.ops`, so that it compiles with the model.
    """

    @abstractmethod
    def __call__(
        self,
        step: Step,
        state: Tree,
        memory: Tree,
        *,
        special: Special,
        limit: int,
        seed: int | SeedGenerator = 0,
    ) -> Hypotheses:
        """Return the best sentences for each of the B rows of `state` and `memory`.

        The hypotheses of a row are distinct and sorted by score. They contain neither pad nor
        start, and only pad after the end. Hypotheses without an end are returned only for rows in
        which no hypothesis ended within the limit.

        Args:
            step: the decoding step. It receives N = B·K rows, with the K rows of a sample adjacent,
                and returns a state of the same shapes. The search reorders the rows of the state,
                but not those of the memory.
            state: initial decoder state, tensors (B, ...); may be empty.
            memory: constant inputs of the step, tensors (B, ...); may be empty.
            special: the special ids.
            limit: the largest number of words, including the end.
            seed: the only source of randomness. An integer gives the same result at every call, a
                `SeedGenerator` a new one.

        Returns:
            K hypotheses per row.

        Raises:
            ArgumentError: If no sentence of at most `limit` words satisfies the constraints.
        """
