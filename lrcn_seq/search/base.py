"""The contract of a search."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from keras.random import SeedGenerator

from lrcn_seq.records import Hypotheses, Special, StepOutput


class Search(ABC):
    """Finds sentences with nothing but a step function; pure `keras.ops`, so that it compiles with the model."""

    @abstractmethod
    def __call__(
        self,
        step: Callable[..., StepOutput],
        state,
        memory,
        *,
        special: Special,
        limit: int,
        seed: int | SeedGenerator = 0,
    ) -> Hypotheses:
        """The best sentences of at most `limit` words (the end included) for each of the B rows of `state` and `memory`.

        `step(word (N,) int32, state, memory)` gives a `StepOutput` with logits (N, V). State and memory are nested structures of tensors
        whose first axis is B (None among them stays None, either may be empty); inside, each row comes K times in a row, N = B·K.
        `memory` rows stay put, `state` rows are reordered, and the step returns a state of the same shapes.

        Sentences of a row differ from each other, best score first; pad and start are never in them; after the end comes only pad.
        One that did not end within the limit is returned only where no other did. `seed` decides what is random, and nothing else does:
        a number gives the same draws at each call, a `SeedGenerator` new ones.
        """
