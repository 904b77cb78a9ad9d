"""The contract of a search."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from lrcn_seq.records import Hypotheses, Special, StepOutput


class Search(ABC):
    """Finds sentences with nothing but a step function; pure `keras.ops`, so that it compiles with the model."""

    @abstractmethod
    def __call__(self, step: Callable[..., StepOutput], state, memory, *, special: Special, limit: int, seed: int = 0) -> Hypotheses:
        """The best sentences of at most `limit` words (the end included) for each of the B rows of `state`.

        `step(word (N,), state, memory)` gives a `StepOutput`; `memory` rows stay put, `state` rows are reordered.
        """
