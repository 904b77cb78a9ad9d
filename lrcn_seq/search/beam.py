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
from typing import Any

from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import (
    BeamWidth,
    Hypotheses,
    NotNegative,
    NumberAtLeastOne,
    NumberNotNegative,
    Special,
    Tensor,
)
from lrcn_seq.registry import searches
from lrcn_seq.search._beam_records import (
    Beams,
    Extensions,
    History,
    Predictions,
    fill_beams,
)
from lrcn_seq.search._constrained_search import ConstrainedSearch, Texts
from lrcn_seq.search._constraints import (
    AtLimit,
    Constraints,
    candidates,
    penalize_repetition,
)
from lrcn_seq.search._coverage import coverage_score, initial_coverage
from lrcn_seq.search._hypotheses import assemble, is_duplicate
from lrcn_seq.search._length_normalization import Length
from lrcn_seq.search._state_tree import (
    batch_size,
    gather_rows,
    repeat_rows,
    while_loop,
)
from lrcn_seq.search.base import Seed, Step, Tree


@searches.register
class Beam(ConstrainedSearch):
    """Beam search with K beams, which returns the best hypotheses of each row.

    Args:
        beams: the beam size K.
        length: the length normalization of the score. `none` keeps the log probability, `average`
            divides it by the number of words n, `power` by n^alpha, and `gnmt` by
            ((5 + n) / 6)^alpha (Wu et al. 2016, equation 14).
        alpha: the exponent of `power` and `gnmt`.
        word_reward: a number added to the score for every word; larger values prefer longer
            sentences.
        coverage: the weight β of the coverage penalty of Wu et al. 2016, equation 14, which is
            added to the score. It prefers sentences whose words have attended to all regions, and
            needs a decoder with attention; 0 for none.
        minimum_length: the smallest number of words before the end word.
        block_ngram: the size n of the n-grams that may not occur twice in a sentence; 0 allows
            repetition.
        repetition_penalty: the factor, at least 1, of the log probability of a word that the
            sentence contains already (Keskar et al. 2019, section 4.1); the score
            contains the penalty, the log probability does not.
        suppress_unknown: whether to forbid the unknown word.
        prefix: the text with which every sentence begins. Its words need not satisfy the other
            constraints; their log probabilities count.
        forbidden: words and phrases that may not occur.
        forbidden_endings: words and phrases after which the end word is forbidden, such as `a` and
            `with`. A sentence that is cut at the word limit can still end there.
        repeatable: words that `block_ngram` ignores as the last word of an n-gram.
        required: words and phrases that every sentence must contain, at most 8. The beams are
            divided among hypotheses that need different numbers of further words. Phrases may
            overlap.
        at_limit: `compete` ranks a hypothesis without an end word at the word limit by score among
            the finished hypotheses; if K have finished, it must be more probable than all of them.
            `force` makes the end word the last word at the limit and adds its log probability.
        best: the number of returned sentences; None for all K. If it is below K, the search may
            stop earlier.
    """

    groups: int = 1
    """The number of groups with equally many beams; see `diverse_beam`."""

    def __init__(
        self,
        *,
        beams: BeamWidth = 5,
        length: Length = "average",
        alpha: NumberNotNegative = 0.6,
        word_reward: NumberNotNegative = 0.0,
        coverage: NumberNotNegative = 0.0,
        minimum_length: NotNegative = 0,
        block_ngram: NotNegative = 0,
        repetition_penalty: NumberAtLeastOne = 1.0,
        suppress_unknown: bool = True,
        prefix: str = "",
        forbidden: Sequence[str] = (),
        forbidden_endings: Sequence[str] = (),
        repeatable: Sequence[str] = (),
        required: Sequence[str] = (),
        at_limit: AtLimit = "compete",
        best: BeamWidth | None = None,
    ):
        if best is not None and best > beams:
            raise ArgumentError(
                f"expected `best` to be at most `beams`. Received: best={best}, beams={beams}; "
                "search with more beams."
            )
        self.beams, self.best = beams, best or beams
        self.length, self.alpha = length, alpha
        self.word_reward, self.coverage = word_reward, coverage
        super().__init__(
            Constraints(
                minimum_length,
                block_ngram,
                suppress_unknown,
                at_limit,
                repetition_penalty=repetition_penalty,
            ),
            Texts(prefix, forbidden, forbidden_endings, repeatable, required),
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
            groups = [Beams(*group) for group in carry]
            word = ops.concatenate([beams.word for beams in groups], axis=1)
            word = ops.reshape(word, (B * K,))
            out = step(word, state[0], memory)
            state = (out.state, self._advance(state[1], word, out.attention))
            parents, groups = self._extend_groups(
                groups, self._predictions(out.logits, state[1], (B, K)), special
            )
            carry = tuple(map(tuple, groups))
            if K == 1:
                return carry, state
            rows = ops.reshape(parents + K * ops.arange(B, dtype="int32")[:, None], (B * K,))
            return carry, gather_rows(state, rows)

        def unfinished(carry: Any) -> Tensor:
            return self._can_improve([Beams(*group) for group in carry], limit)

        carry = tuple(tuple(self._initial_beams(B, special, limit)) for _ in range(self.groups))
        state = repeat_rows(state, K)
        word = ops.full((B * K,), special.start, "int32")
        history = History(
            None if self.constraints.required is None else ops.zeros_like(word),
            initial_coverage(step, word, state, memory) if self.coverage else None,
        )
        carry = while_loop(unfinished, body, carry, (state, history))
        return self._hypotheses([Beams(*group) for group in carry], special, limit)

    def _advance(self, history: History, word: Tensor, attention: Tensor | None) -> History:
        """Return the history of each beam after its last word (B·K,) and its attention weights."""
        required, coverage = history
        if self.constraints.required is not None:
            required = self.constraints.required.advance(required, word)
        if attention is not None and coverage is not None:
            coverage = coverage + ops.cast(attention, "float32")
        return History(required, coverage)

    def _predictions(self, logits: Tensor, history: History, shape: tuple[Any, int]) -> Predictions:
        """Return the predictions of all groups with a shape that begins with (B, K)."""
        required, coverage = history
        return Predictions(
            ops.reshape(logits, (*shape, logits.shape[-1])),
            None if required is None else ops.reshape(required, shape),
            None
            if coverage is None
            else ops.reshape(coverage_score(coverage, self.coverage), shape),
        )

    def _initial_beams(self, B: Any, special: Special, limit: int) -> Beams:
        """Return the K empty hypotheses of a group; all but the first have a score of −inf."""
        K = self.beams // self.groups
        minus_infinity = ops.full((B, K), -math.inf, "float32")
        first = ops.where(ops.arange(K) == 0, ops.zeros((B, K), "float32"), minus_infinity)
        empty = ops.full((B, K, limit), special.pad, "int32")
        return Beams(
            position=ops.zeros((), "int32"),
            word=ops.full((B, K), special.start, "int32"),
            total=first,
            log_probability=first,
            coverage=ops.zeros((B, K), "float32"),
            words=empty,
            finished_scores=minus_infinity,
            finished_total=minus_infinity,
            finished_log_probability=minus_infinity,
            finished_words=empty,
        )

    def _extend_groups(
        self, groups: list[Beams], predictions: Predictions, special: Special
    ) -> tuple[Tensor, list[Beams]]:
        """Extend the growing hypotheses of each group by one word, one group after the other.

        Returns:
            The parent beam (B, K) of each new hypothesis among the K beams of all groups, and the
            new groups.
        """
        width = self.beams // self.groups
        parents: list[Tensor] = []
        extended: list[Beams] = []
        for number, beams in enumerate(groups):
            own = predictions.of_beams(number * width, width) if self.groups > 1 else predictions
            chosen, longer = self._extend(beams, own, special, extended)
            parents.append(chosen + number * width)
            extended.append(longer)
        return ops.concatenate(parents, axis=1), extended

    def _extend(
        self, beams: Beams, predictions: Predictions, special: Special, earlier: list[Beams]
    ) -> tuple[Tensor, Beams]:
        """Extend the growing hypotheses of a group by one word.

        Args:
            beams: the group.
            predictions: the next words of the growing hypotheses of the group.
            special: the special ids.
            earlier: the groups that were extended before this one.

        Returns:
            The parent beam (B, K) of each new hypothesis, and the new beams.
        """
        K = beams.word.shape[1]
        found = self._extensions(beams, predictions, special, earlier)
        ended = found.word == special.end
        beams = self._add_finished(
            beams,
            self.score(ops.where(ended, found.total, -math.inf), beams.position + 1)[:, :K]
            + found.coverage[:, :K],
            found.total[:, :K],
            found.log_probability[:, :K],
            found.words[:, :K],
        )
        _, kept = ops.top_k(ops.where(ended, -math.inf, found.priority), K)
        kept = ops.cast(kept, "int32")
        total = ops.take_along_axis(ops.where(ended, -math.inf, found.total), kept, axis=1)
        if K == 1:
            total = ops.where(ops.isfinite(beams.finished_scores), -math.inf, total)
        log_probability, coverage, parents, word = (
            ops.take_along_axis(array, kept, axis=1)
            for array in (found.log_probability, found.coverage, found.parents, found.word)
        )
        return parents, beams._replace(
            position=beams.position + 1,
            word=word,
            total=total,
            log_probability=log_probability,
            coverage=coverage,
            words=ops.take_along_axis(found.words, kept[:, :, None], axis=1),
        )

    def _extensions(
        self, beams: Beams, predictions: Predictions, special: Special, earlier: list[Beams]
    ) -> Extensions:
        """Return the 2K most probable extensions of each row of a group; see `_extend`."""
        B, K, L = ops.shape(beams.words)
        logits, required, coverage = predictions
        states = None if required is None else ops.reshape(required, (B * K,))
        words = ops.reshape(beams.words, (B * K, L))
        gains, ids = candidates(
            ops.reshape(logits, (B * K, logits.shape[-1])),
            words,
            beams.position,
            count=K + 1 + K * len(earlier),
            constraints=self.constraints,
            special=special,
            required=states,
        )
        k = gains.shape[1]
        penalized = penalize_repetition(gains, ids, words, beams.position, self.constraints)
        gains, penalized, ids = (
            ops.reshape(array, (B, K, k)) for array in (gains, penalized, ops.cast(ids, "int32"))
        )
        totals = beams.total[:, :, None] + self._penalized(penalized, ids, earlier)
        log_probabilities = beams.log_probability[:, :, None] + gains
        priority, chosen = fill_beams(totals, ids, required, self.constraints.required)
        total, log_probability, word = (
            ops.take_along_axis(ops.reshape(array, (B, K * k)), chosen, axis=1)
            for array in (totals, log_probabilities, ids)
        )
        parents = chosen // k
        words = ops.take_along_axis(beams.words, parents[:, :, None], axis=1)
        words = ops.where(ops.arange(L) == beams.position, word[:, :, None], words)
        if coverage is None:
            coverage = ops.zeros_like(total)
        else:
            coverage = ops.take_along_axis(coverage, parents, axis=1)
        return Extensions(priority, total, log_probability, coverage, parents, word, words)

    def _penalized(self, gains: Tensor, ids: Tensor, earlier: list[Beams]) -> Tensor:  # noqa: ARG002
        """Return the log probabilities of candidates minus their penalties, (B, K, k).

        Args:
            gains: log probabilities (B, K, k).
            ids: the candidates (B, K, k).
            earlier: the groups that were extended before this one.
        """
        return gains

    def _add_finished(
        self, beams: Beams, scores: Tensor, total: Tensor, log_probability: Tensor, words: Tensor
    ) -> Beams:
        """Add the given hypotheses to the finished ones, of which the K best are kept."""
        K = beams.word.shape[1]
        scores, kept = ops.top_k(ops.concatenate([beams.finished_scores, scores], axis=1), K)
        kept = ops.cast(kept, "int32")
        totals = ops.concatenate([beams.finished_total, total], axis=1)
        log_probabilities = ops.concatenate(
            [beams.finished_log_probability, log_probability], axis=1
        )
        sentences = ops.concatenate([beams.finished_words, words], axis=1)
        return beams._replace(
            finished_scores=scores,
            finished_total=ops.take_along_axis(totals, kept, axis=1),
            finished_log_probability=ops.take_along_axis(log_probabilities, kept, axis=1),
            finished_words=ops.take_along_axis(sentences, kept[:, :, None], axis=1),
        )

    def _can_improve(self, groups: list[Beams], limit: int) -> Tensor:
        """Return whether a growing hypothesis of any row can still enter the result.

        The log probability of a hypothesis never increases, and with an equal log probability, a
        longer sentence never has a lower score. An upper bound of the score is therefore the score
        of the current log probability at the maximum length. Penalties only lower the score.
        """
        last = self.best - 1 if self.groups == 1 else -1
        improvable = [
            ops.any(self.score(beams.total, limit) > beams.finished_scores[:, last][:, None])
            for beams in groups
        ]
        return (groups[0].position < limit) & ops.any(ops.stack(improvable))

    def _hypotheses(self, groups: list[Beams], special: Special, limit: int) -> Hypotheses:
        """Return the best hypotheses of all groups, without those of an earlier group."""
        groups = [self._finish(beams, limit) for beams in groups]
        scores, log_probabilities, words = (
            ops.concatenate([getattr(beams, f"finished_{name}") for beams in groups], axis=1)
            for name in ("scores", "log_probability", "words")
        )
        n = self.best
        if len(groups) > 1:
            scores = ops.where(is_duplicate(words), -math.inf, scores)
            scores, order = ops.top_k(scores, n)
            order = ops.cast(order, "int32")
            words = ops.take_along_axis(words, order[:, :, None], axis=1)
            log_probabilities = ops.take_along_axis(log_probabilities, order, axis=1)
        return assemble(
            words[:, :n],
            scores[:, :n],
            log_probabilities[:, :n],
            special=special,
            strict=self.strict,
        )

    def _finish(self, beams: Beams, limit: int) -> Beams:
        """Add the unfinished hypotheses at the word limit to the finished ones.

        The log probability of an unfinished hypothesis lacks the term of an end word. If K
        hypotheses have finished, an unfinished one is therefore returned only if it has a higher
        log probability than all of them.
        """
        full = ops.isfinite(beams.finished_scores[:, -1:])
        likely = beams.total > ops.max(beams.finished_total, axis=1, keepdims=True)
        scores = self.score(beams.total, limit) + beams.coverage
        scores = ops.where(full & ~likely, -math.inf, scores)
        return self._add_finished(beams, scores, beams.total, beams.log_probability, beams.words)
