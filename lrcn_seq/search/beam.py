"""Beam search with K growing hypotheses at every step.

As in fairseq and Hugging Face Transformers, every step ranks the 2K most probable extensions by
their log probability. Those of the first K that end in the end word become finished hypotheses; the
first K of the others continue to grow. The loop stops when no growing hypothesis can exceed the
finished ones (`early_stopping="never"` in Transformers; fairseq stops when K hypotheses have
finished). A beam of 1 is greedy search, which stops at the first end word.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import BeamWidth, Hypotheses, NotNegative, NumberNotNegative, Special, Tensor
from lrcn_seq.registry import searches
from lrcn_seq.search._constrained_search import ConstrainedSearch, Texts
from lrcn_seq.search._constraints import AtLimit, Constraints, candidates
from lrcn_seq.search._hypotheses import assemble
from lrcn_seq.search._length_normalization import Length, normalize
from lrcn_seq.search._state_tree import batch_size, gather_rows, repeat_rows, while_loop
from lrcn_seq.search.base import Seed, Step, Tree


class Beams(NamedTuple):
    """The loop variables: growing hypotheses, and finished hypotheses sorted by score."""

    position: Tensor
    """Number of words so far, ()."""
    word: Tensor
    """Last word of each growing hypothesis, (B·K,)."""
    total: Tensor
    """Log probabilities of the growing hypotheses, (B, K); −inf for missing hypotheses."""
    words: Tensor
    """Growing hypotheses, (B, K, L)."""
    finished_scores: Tensor
    """Scores of the finished hypotheses, (B, K); −inf for missing hypotheses."""
    finished_total: Tensor
    """Log probabilities of the finished hypotheses, (B, K)."""
    finished_words: Tensor
    """Finished hypotheses, (B, K, L)."""


@searches.register
class Beam(ConstrainedSearch):
    """Beam search with K beams, which returns the best hypotheses of each row.

    Args:
        beams: the beam size K.
        length: the length normalization of the score. `none` keeps the log probability, `average`
            divides it by the number of words, `gnmt` follows Wu et al. 2016, equation 14.
        alpha: the exponent of `gnmt`.
        minimum_length: the smallest number of words before the end word.
        block_ngram: the size n of the n-grams that may not occur twice in a sentence; 0 allows
            repetition.
        suppress_unknown: whether to forbid the unknown word.
        prefix: the text with which every sentence begins. Its words need not satisfy the other
            constraints; their log probabilities count.
        forbidden: words and phrases that may not occur.
        forbidden_endings: words and phrases after which the end word is forbidden, such as `a` and
            `with`. A sentence that is cut at the word limit can still end there.
        repeatable: words that `block_ngram` ignores as the last word of an n-gram.
        at_limit: `compete` ranks a hypothesis without an end word at the word limit by score among
            the finished hypotheses; if K have finished, it must be more probable than all of them.
            `force` makes the end word the last word at the limit and adds its log probability.
        best: the number of returned sentences; None for all K. If it is below K, the search may
            stop earlier.
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
        prefix: str = "",
        forbidden: Sequence[str] = (),
        forbidden_endings: Sequence[str] = (),
        repeatable: Sequence[str] = (),
        at_limit: AtLimit = "compete",
        best: BeamWidth | None = None,
    ):
        if best is not None and best > beams:
            raise ArgumentError(
                f"expected `best` to be at most `beams`. Received: best={best}, beams={beams}; "
                "search with more beams."
            )
        self.beams, self.length, self.alpha, self.best = beams, length, alpha, best or beams
        super().__init__(
            Constraints(minimum_length, block_ngram, suppress_unknown, at_limit),
            Texts(prefix, forbidden, forbidden_endings, repeatable),
        )

    def __call__(
        self,
        step: Step,
        state: Tree,
        memory: Tree,
        *,
        special: Special,
        limit: int,
        seed: Seed = 0,  # noqa: ARG002 - beam search is deterministic
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
        """Return K empty hypotheses; all but the first have score −inf, to avoid duplicates."""
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
        """Extend the growing hypotheses by one word.

        Returns:
            The parent beam (B, K) of each new hypothesis, and the new beams.
        """
        K = self.beams
        total, parents, word, words = self._extensions(beams, logits, special)
        ended = word == special.end
        beams = self._add_finished(
            beams,
            self._score(ops.where(ended, total, -math.inf)[:, :K], beams.position + 1),
            total[:, :K],
            words[:, :K],
        )
        total, kept = ops.top_k(ops.where(ended, -math.inf, total), K)
        if K == 1:
            total = ops.where(ops.isfinite(beams.finished_scores), -math.inf, total)
        kept = ops.cast(kept, "int32")
        parents, word = (ops.take_along_axis(array, kept, axis=1) for array in (parents, word))
        return parents, beams._replace(
            position=beams.position + 1,
            word=ops.reshape(word, (-1,)),
            total=total,
            words=ops.take_along_axis(words, kept[:, :, None], axis=1),
        )

    def _extensions(self, beams: Beams, logits: Tensor, special: Special) -> tuple[Tensor, ...]:
        """Return the 2K most probable extensions of each row, best first.

        Returns:
            Log probabilities (B, 2K), parent beams (B, 2K), last words (B, 2K), and words
            (B, 2K, L).
        """
        B, K, L = ops.shape(beams.words)
        gains, ids = candidates(
            logits,
            ops.reshape(beams.words, (B * K, L)),
            beams.position,
            count=K + 1,
            constraints=self.constraints,
            special=special,
        )
        k = gains.shape[1]
        totals = beams.total[:, :, None] + ops.reshape(gains, (B, K, k))
        total, chosen = ops.top_k(ops.reshape(totals, (B, K * k)), min(2 * K, K * k))
        chosen = ops.cast(chosen, "int32")
        word = ops.cast(ops.take_along_axis(ops.reshape(ids, (B, K * k)), chosen, axis=1), "int32")
        parents = chosen // k
        words = ops.take_along_axis(beams.words, parents[:, :, None], axis=1)
        words = ops.where(ops.arange(L) == beams.position, word[:, :, None], words)
        return total, parents, word, words

    def _add_finished(self, beams: Beams, scores: Tensor, total: Tensor, words: Tensor) -> Beams:
        """Add the given hypotheses to the finished ones, of which the K best are kept."""
        scores, kept = ops.top_k(
            ops.concatenate([beams.finished_scores, scores], axis=1), self.beams
        )
        kept = ops.cast(kept, "int32")
        totals = ops.concatenate([beams.finished_total, total], axis=1)
        sentences = ops.concatenate([beams.finished_words, words], axis=1)
        return beams._replace(
            finished_scores=scores,
            finished_total=ops.take_along_axis(totals, kept, axis=1),
            finished_words=ops.take_along_axis(sentences, kept[:, :, None], axis=1),
        )

    def _score(self, total: Tensor, length: Tensor | int) -> Tensor:
        return normalize(total, length, kind=self.length, alpha=self.alpha)

    def _can_improve(self, beams: Beams, limit: int) -> Tensor:
        """Return whether a growing hypothesis of any row can still enter the result.

        The log probability of a hypothesis never increases, and with an equal log probability, a
        longer sentence never has a lower score. An upper bound of the score is therefore the score
        of the current log probability at the maximum length.
        """
        bound = self._score(beams.total, limit)
        worst = beams.finished_scores[:, self.best - 1 : self.best]
        return (beams.position < limit) & ops.any(bound > worst)

    def _hypotheses(self, beams: Beams, special: Special, limit: int) -> Hypotheses:
        """Return the best of the finished hypotheses and of the unfinished ones at the word limit.

        The log probability of an unfinished hypothesis lacks the term of an end word. If K
        hypotheses have finished, an unfinished one is therefore returned only if it has a higher
        log probability than all of them.
        """
        full = ops.isfinite(beams.finished_scores[:, -1:])
        likely = beams.total > ops.max(beams.finished_total, axis=1, keepdims=True)
        scores = ops.where(full & ~likely, -math.inf, self._score(beams.total, limit))
        beams = self._add_finished(beams, scores, beams.total, beams.words)
        n = self.best
        return assemble(
            beams.finished_words[:, :n],
            beams.finished_scores[:, :n],
            beams.finished_total[:, :n],
            special=special,
            strict=self.strict,
        )
