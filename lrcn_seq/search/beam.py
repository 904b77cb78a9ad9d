"""Beam search with finished sentences set aside.

K sentences grow at once. One that ends leaves the beam with its final score and pays for no further word; its place goes to the next
best of those that still grow. The loop stops when no growing sentence can pass a finished one any more.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Hypotheses, NotNegative, NumberNotNegative, Positive, Special
from lrcn_seq.registry import searches
from lrcn_seq.search._choice import Length, Rules, candidates, normalized
from lrcn_seq.search._rows import repeated, row_count, taken, while_rows
from lrcn_seq.search._walk import handed_over
from lrcn_seq.search.base import Search


class Beams(NamedTuple):
    """What the loop carries: growing sentences (total (B, K), words (B, K, L)) and finished ones, best first."""

    position: Any
    word: Any
    total: Any
    words: Any
    done_scores: Any
    done_total: Any
    done_words: Any


@searches.register
class Beam(Search):
    """The K best sentences, as far as a beam finds them.

    A row where nothing ended within the limit gives its unfinished sentences; otherwise only finished ones are returned.

    Args:
        beams: K, sentences that grow at once.
        length: what sentences are ranked by: the log probability (none), its average over words, or gnmt with `alpha` (Wu et al. 2016, equation 14).
        minimum_length: words that come before the end at least.
        block_ngram: no n words in a row twice; 0 allows it.
        suppress_unknown: never the unknown word.
        best: how many sentences are returned, all K by default; fewer may stop sooner.
    """

    def __init__(
        self,
        *,
        beams: Positive = 5,
        length: Length = "average",
        alpha: NumberNotNegative = 0.6,
        minimum_length: NotNegative = 0,
        block_ngram: NotNegative = 0,
        suppress_unknown: bool = True,
        best: Positive | None = None,
    ):
        if best is not None and best > beams:
            raise ArgumentError(
                f"expected best to be at most beams. Received: best={best}, beams={beams}; search with more beams."
            )
        self.beams, self.length, self.alpha, self.best = beams, length, alpha, best or beams
        self.rules = Rules(minimum_length, block_ngram, suppress_unknown)

    def __call__(self, step, state, memory, *, special: Special, limit: int, seed=0) -> Hypotheses:  # noqa: ARG002 - nothing is random here
        """The sentences; see `Search`."""
        self.rules.check(limit)
        B, K = row_count(state, memory), self.beams
        memory = repeated(memory, K)

        def body(carry, state):
            beams = Beams(*carry)
            out = step(beams.word, state, memory)
            parents, beams = self._grow(beams, out.logits, special)
            if K == 1:
                return tuple(beams), out.state
            return tuple(beams), taken(
                out.state,
                ops.reshape(parents + K * ops.arange(B, dtype="int32")[:, None], (B * K,)),
            )

        carry = while_rows(
            lambda carry: self._unsettled(Beams(*carry), limit),
            body,
            tuple(self._first(B, special, limit)),
            repeated(state, K),
        )
        return self._result(Beams(*carry), special, limit)

    def _first(self, B, special: Special, limit: int) -> Beams:
        K = self.beams
        none = ops.full((B, K), -math.inf, "float32")
        total = ops.where(
            ops.arange(K) == 0, ops.zeros((B, K), "float32"), none
        )  # all are equal at first: only one may grow
        empty = ops.full((B, K, limit), special.pad, "int32")
        return Beams(
            ops.zeros((), "int32"),
            ops.full((B * K,), special.start, "int32"),
            total,
            empty,
            none,
            none,
            empty,
        )

    def _grow(self, beams: Beams, logits, special: Special):
        """One word more: which beam (B, K) each new one comes from, and the new ones."""
        position, _, total, words, *_ = beams
        B, K, L = ops.shape(words)
        gains, ids = candidates(
            logits,
            ops.reshape(words, (B * K, L)),
            position,
            places=K,
            rules=self.rules,
            special=special,
        )
        k = gains.shape[1]
        total, chosen = ops.top_k(
            ops.reshape(total[:, :, None] + ops.reshape(gains, (B, K, k)), (B, K * k)), K
        )
        total, chosen = ops.reshape(total, (B, K)), ops.cast(ops.reshape(chosen, (B, K)), "int32")
        word = ops.cast(ops.take_along_axis(ops.reshape(ids, (B, K * k)), chosen, axis=1), "int32")
        words = ops.take_along_axis(words, (chosen // k)[:, :, None], axis=1)
        words = ops.where(ops.arange(L) == position, word[:, :, None], words)
        ended = word == special.end
        done = self._set_aside(beams, ended, total, words)
        return chosen // k, Beams(
            position + 1,
            ops.reshape(word, (B * K,)),
            ops.where(ended, -math.inf, total),
            words,
            *done,
        )

    def _set_aside(self, beams: Beams, ended, total, words):
        """The best K of the sentences finished before and now: scores, totals, words."""
        scores = ops.where(ended, self._score(total, beams.position + 1), -math.inf)
        scores, kept = ops.top_k(ops.concatenate([beams.done_scores, scores], axis=1), self.beams)
        kept = ops.cast(kept, "int32")
        totals = ops.take_along_axis(
            ops.concatenate([beams.done_total, total], axis=1), kept, axis=1
        )
        sentences = ops.take_along_axis(
            ops.concatenate([beams.done_words, words], axis=1), kept[:, :, None], axis=1
        )
        return ops.reshape(scores, ops.shape(total)), totals, sentences

    def _score(self, total, length):
        return normalized(total, length, kind=self.length, alpha=self.alpha)

    def _unsettled(self, beams: Beams, limit: int):
        """Whether a growing sentence of any row may still pass a finished one: totals only fall, so its best score is today's total at its best length."""
        reach = ops.maximum(
            self._score(beams.total, beams.position + 1), self._score(beams.total, limit)
        )
        return (beams.position < limit) & ops.any(
            reach > beams.done_scores[:, self.best - 1 : self.best]
        )

    def _result(self, beams: Beams, special: Special, limit: int) -> Hypotheses:
        finished = beams.done_scores[:, :1] > -math.inf
        scores = ops.where(finished, beams.done_scores, self._score(beams.total, limit))[
            :, : self.best
        ]
        total = ops.where(finished, beams.done_total, beams.total)[:, : self.best]
        words = ops.where(finished[:, :, None], beams.done_words, beams.words)[:, : self.best]
        return handed_over(words, scores, total, special=special)
