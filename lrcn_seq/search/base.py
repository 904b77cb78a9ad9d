"""The interface of a search."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeAlias

import numpy as np
from keras.random import SeedGenerator

from lrcn_seq.records import Hypotheses, Special, StepOutput, Tensor
from lrcn_seq.search._length_normalization import Length, normalize

Tree = Any
"""A nested structure (tuples, lists, dicts) of tensors, any of which may be None."""

Step = Callable[[Tensor, Tree, Tree], StepOutput]
"""`step(word, state, memory)` with word (N,) int32 returns logits (N, V) and the next state."""


Seed: TypeAlias = int | SeedGenerator | Tensor
"""A seed: an integer, a `SeedGenerator`, or one integer per row, (B,) int32."""

NO_SENTENCE = (
    "expected a finite log probability for at least one word of a sentence. Received: logits that "
    "are NaN or infinite, or infinite for all words that the constraints allow; check the weights "
    "and the input of the model for NaN, or relax the constraints of the search."
)
"""The reason why a search finds no sentence for a row."""


NO_ATTENTION = (
    "coverage: expected a single decoder with attention weights, such as attention_lstm. Received: "
    "{received}; set coverage to 0."
)
"""The error of a coverage penalty without attention weights."""


class Search(ABC):
    """A search that decodes sentences with a step function.

    A search is independent of networks and uses only `keras.ops`, so that it compiles with any
    model.
    """

    per_row_seeds: ClassVar[bool] = False
    """Whether the search is random and accepts one seed per row."""

    strict: bool = True
    """Whether to raise an error for a row without a sentence; compiled models cannot raise it.
    Otherwise the row has scores of −inf."""

    length: Length = "average"
    alpha: float = 1.0
    word_reward: float = 0.0

    reranks: ClassVar[bool] = False
    """Whether `rerank` changes the hypotheses."""

    def encode_texts(self, encode: Callable[[str], Sequence[int]]) -> None:  # noqa: B027
        """Convert the texts among the arguments of the search to ids. A search has none by default.

        Args:
            encode: returns the ids of a text, without start and end; `Tokenizer.encode`.

        Raises:
            ArgumentError: a text has no words, or needs words that are not in the vocabulary.
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
        seed: Seed = 0,
    ) -> Hypotheses:
        """Return the best sentences for each of the B rows of `state` and `memory`.

        The hypotheses of a row are distinct and sorted by score. They have no start word, and
        padding only after the end word. Hypotheses without an end word have `limit` words. The
        hypotheses of a row do not depend on the other rows, except with a `SeedGenerator`.

        Args:
            step: the decoding step. It receives N = B·K rows, with the K rows of a sample adjacent,
                and returns a state of the same shapes. The search reorders the rows of the state,
                but not those of the memory.
            state: initial decoder state, tensors (B, ...); may be empty.
            memory: constant inputs of the step, tensors (B, ...); may be empty.
            special: the special ids.
            limit: the largest number of words, including the end word.
            seed: the only source of randomness. An integer gives the same result at every call and
                is the seed of every row; a `SeedGenerator` gives new results; integers (B,) are the
                seeds of the rows, if the search has `per_row_seeds`.

        Returns:
            K hypotheses per row; missing hypotheses have a score of −inf.

        Raises:
            ArgumentError: If no sentence of at most `limit` words satisfies the constraints.
            SearchError: If a row has no sentence; see `strict`.
        """

    def score(self, log_probability: Tensor, length: Tensor | int) -> Tensor:
        """Return the score of a sentence: its log probability, normalized by its length.

        Args:
            log_probability: the sum of the log probabilities of all words of the sentence.
            length: the number of words, including the end word.
        """
        return normalize(
            log_probability,
            length,
            kind=self.length,
            alpha=self.alpha,
            word_reward=self.word_reward,
        )

    def rerank(self, hypotheses: Hypotheses) -> Hypotheses:
        """Return the hypotheses of a compiled search in their final order, as NumPy arrays.

        A search may compute here what does not compile. By default, hypotheses are unchanged.
        """
        return hypotheses


def sort_hypotheses(hypotheses: Hypotheses, scores: np.ndarray) -> Hypotheses:
    """Return hypotheses (B, K) as NumPy arrays, sorted by new scores; equal ones keep their order.

    Args:
        hypotheses: the hypotheses.
        scores: their new scores (B, K), −inf for missing hypotheses.
    """
    order = np.argsort(-scores, axis=1, kind="stable")
    return Hypotheses(
        np.take_along_axis(hypotheses.words, order[:, :, None], axis=1),
        np.take_along_axis(scores, order, axis=1).astype("float32"),
        np.take_along_axis(hypotheses.lengths, order, axis=1),
        np.take_along_axis(hypotheses.log_probabilities, order, axis=1),
    )
