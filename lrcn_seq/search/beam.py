"""Beam search in which finished sentences leave the beam.

A sentence that ends is scored and leaves the beam, and the next best growing sentence takes its
place. The loop stops when no growing sentence can exceed the finished ones.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from keras import ops
from keras.random import SeedGenerator

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import BeamWidth, Hypotheses, NotNegative, NumberNotNegative, Special, Tensor
from lrcn_seq.registry import searches
from lrcn_seq.search._constraints import Constraints, candidates
from lrcn_seq.search._hypotheses import assemble
from lrcn_seq.search._length_normalization import Length, normalize
from lrcn_seq.search._state_tree import batch_size, gather_rows, repeat_rows, while_loop
from lrcn_seq.search.base import Search, Step, Tree


class Beams(NamedTuple):
    """The loop variables: growing sentences, and finished sentences sorted by score."""

    position: Tensor
    """Number of words so far, ()."""
    word: Tensor
    """Last word of each growing sentence, (B·K,)."""
    total: Tensor
    """Log probabilities of the growing sentences, (B, K); −inf if there are fewer."""
    words: Tensor
    """Growing sentences, (B, K, L)."""
    finished_scores: Tensor
    """Scores of the finished sentences, (B, K); −inf if there are fewer."""
    finished_total: Tensor
    """Log probabilities of the finished sentences, (B, K)."""
    finished_words: Tensor
    """Finished sentences, (B, K, L)."""


@searches.register
class Beam(Search):
    """Return the best finished sentences of a beam of K.

    Unfinished sentences are returned only for rows in which no sentence ended within the limit.

    Args:
        beams: the beam size K.
        length: the score: the log probability (`none`), its average over the words (`average`), or
            `gnmt` with `alpha` (Wu et al. 2016, equation 14).
        alpha: the exponent of `gnmt`.
        minimum_length: the smallest number of words before the end.
        block_ngram: the size n of the n-grams that may not occur twice in a sentence; 0 allows
            repetition.
        suppress_unknown: whether to forbid the unknown word.
        best: the number of returned sentences; None for all K. With fewer, the search may stop
            earlier.
    """

    def __init__(
        self,
        *,
        beams: BeamWidth = 5,
        length: Length = "average",
        alpha: NumberNotNegative = 0.6,
        minimum_length: NotNegative = 0,
        block_ngram: NotNegative = 0,
        suppress_unknown: bool = True,
        best: BeamWidth | None = None,
    ):
        if best is not None and best > beams:
            raise ArgumentError(
                f"expected best to be at most beams. Received: best={best}, beams={beams}; "
                "search with more beams."
            )
        self.beams, self.length, self.alpha, self.best = beams, length, alpha, best or beams
        self.constraints = Constraints(minimum_length, block_ngram, suppress_unknown)

    def __call__(
        self,
        step: Step,
        state: Tree,
        memory: Tree,
        *,
        special: Special,
        limit: int,
        seed: int | SeedGenerator = 0,  # noqa: ARG002 - beam search is deterministic
    ) -> Hypotheses:
        """Return the hypotheses; see `Search`."""
        self.constraints.check(limit)
        B, K = batch_size(state, memory), self.beams
        memory = repeat_rows(memory, K)

        def body(carry: Any, state: Tree) -> tuple[Any, Tree]:
            beams = Beams(*carry)
            out = step(beams.word, state, memory)
            parents, beams = self._extend(beams, out.logits, special)
            if K == 1:
                return tuple(beams), out.state
            rows = ops.reshape(parents + K * ops.arange(B, dtype="int32")[:, None], (B * K,))
            return tuple(beams), gather_rows(out.state, rows)

        def unfinished(carry: Any) -> Tensor:
            return self._can_improve(Beams(*carry), limit)

        carry = tuple(self._initial_beams(B, special, limit))
        carry = while_loop(unfinished, body, carry, repeat_rows(state, K))
        return self._hypotheses(Beams(*carry), special, limit)

    def _initial_beams(self, B: Any, special: Special, limit: int) -> Beams:
        """Return K empty sentences, of which only the first may grow, because all are equal."""
        K = self.beams
        minus_infinity = ops.full((B, K), -math.inf, "float32")
        empty = ops.full((B, K, limit), special.pad, "int32")
        return Beams(
            position=ops.zeros((), "int32"),
            word=ops.full((B * K,), special.start, "int32"),
            total=ops.where(ops.arange(K) == 0, ops.zeros((B, K), "float32"), minus_infinity),
            words=empty,
            finished_scores=minus_infinity,
            finished_total=minus_infinity,
            finished_words=empty,
        )

    def _extend(self, beams: Beams, logits: Tensor, special: Special) -> tuple[Tensor, Beams]:
        """Extend the growing sentences by one word.

        Returns:
            The parent beam (B, K) of each new sentence, and the new beams.
        """
        position, total, words = beams.position, beams.total, beams.words
        B, K, L = ops.shape(words)
        gains, ids = candidates(
            logits,
            ops.reshape(words, (B * K, L)),
            position,
            count=K,
            constraints=self.constraints,
            special=special,
        )
        k = gains.shape[1]
        totals = total[:, :, None] + ops.reshape(gains, (B, K, k))
        total, chosen = ops.top_k(ops.reshape(totals, (B, K * k)), K)
        total, chosen = ops.reshape(total, (B, K)), ops.cast(ops.reshape(chosen, (B, K)), "int32")
        word = ops.cast(ops.take_along_axis(ops.reshape(ids, (B, K * k)), chosen, axis=1), "int32")
        parents = chosen // k
        words = ops.take_along_axis(words, parents[:, :, None], axis=1)
        words = ops.where(ops.arange(L) == position, word[:, :, None], words)
        ended = word == special.end
        finished = self._add_finished(beams, ended, total, words)
        growing = ops.where(ended, -math.inf, total)
        return parents, Beams(position + 1, ops.reshape(word, (B * K,)), growing, words, *finished)

    def _add_finished(
        self, beams: Beams, ended: Tensor, total: Tensor, words: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return scores, log probabilities and words of the K best finished sentences."""
        scores = ops.where(ended, self._score(total, beams.position + 1), -math.inf)
        scores, kept = ops.top_k(
            ops.concatenate([beams.finished_scores, scores], axis=1), self.beams
        )
        kept = ops.cast(kept, "int32")
        totals = ops.concatenate([beams.finished_total, total], axis=1)
        sentences = ops.concatenate([beams.finished_words, words], axis=1)
        return (
            ops.reshape(scores, ops.shape(total)),
            ops.take_along_axis(totals, kept, axis=1),
            ops.take_along_axis(sentences, kept[:, :, None], axis=1),
        )

    def _score(self, total: Tensor, length: Tensor | int) -> Tensor:
        return normalize(total, length, kind=self.length, alpha=self.alpha)

    def _can_improve(self, beams: Beams, limit: int) -> Tensor:
        """Return whether a growing sentence of any row can still enter the result.

        Log probabilities only decrease, so the score of a sentence is at most the score of its
        current log probability at the most favorable length.
        """
        bound = ops.maximum(
            self._score(beams.total, beams.position + 1), self._score(beams.total, limit)
        )
        worst = beams.finished_scores[:, self.best - 1 : self.best]
        return (beams.position < limit) & ops.any(bound > worst)

    def _hypotheses(self, beams: Beams, special: Special, limit: int) -> Hypotheses:
        """Return the finished sentences, or the growing ones in rows without a finished one."""
        finished = beams.finished_scores[:, :1] > -math.inf
        scores = ops.where(finished, beams.finished_scores, self._score(beams.total, limit))
        total = ops.where(finished, beams.finished_total, beams.total)
        words = ops.where(finished[:, :, None], beams.finished_words, beams.words)
        n = self.best
        return assemble(words[:, :n], scores[:, :n], total[:, :n], special=special)
