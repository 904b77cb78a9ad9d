"""The contract of a search."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from keras.random import SeedGenerator

from lrcn_seq.records import Hypotheses, Special, StepOutput, Tensor

Tree = Any
"""A nested structure (tuples, lists, dicts) of tensors; None may stand in place of a tensor."""

Step = Callable[[Tensor, Tree, Tree], StepOutput]
"""`step(word, state, memory)` with word (N,) int32; gives logits (N, V) and the next state."""


class Search(ABC):
    """Decode sentences from a step function.

    A search knows no network. It uses `keras.ops` only, so that it compiles with the model.
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
            step: one decoding step. It receives N = B·K rows, the K rows of a sample one after
                another, and returns a state of the shapes that it received. The search reorders
                the rows of the state, never those of the memory.
            state: initial decoder state, tensors (B, ...); may be empty.
            memory: constant inputs of the step, tensors (B, ...); may be empty.
            special: the special ids.
            limit: the largest number of words, the end included.
            seed: the only source of randomness. An integer gives the same result at every call, a
                `SeedGenerator` a new one.

        Returns:
            Hypotheses with K places for each row.

        Raises:
            ArgumentError: If no sentence of at most `limit` words satisfies the constraints.
        """
