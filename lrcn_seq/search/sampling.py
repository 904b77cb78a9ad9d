"""Sampling: draw several sentences and rank them by probability.

In Donahue et al. 2015, section 5.2.2, the caption is the most probable of 100 sentences drawn with
an inverse temperature of 1.5, which was better than their beam search. The words to draw from can
be limited by top-k (Fan et al. 2018, section 5.4), top-p (Holtzman et al. 2020, section 3.1), min-p
(Nguyen et al. 2024, section 3) and typical sampling (Meister et al. 2023, section 4), applied in
this order, each to the renormalized distribution that the previous one leaves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, ClassVar

from annotated_types import Gt, Le
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import (
    BeamWidth,
    Hypotheses,
    NotNegative,
    NumberAtLeastOne,
    NumberNotNegative,
    PositiveNumber,
    Share,
    Special,
    Tensor,
)
from lrcn_seq.registry import searches
from lrcn_seq.search._constrained_search import ConstrainedSearch, Texts
from lrcn_seq.search._constraints import (
    AtLimit,
    Constraints,
    allowed_words,
    force_words,
    penalize_repetition,
)
from lrcn_seq.search._decoding_loop import decode
from lrcn_seq.search._hypotheses import assemble, is_duplicate, sentence_lengths
from lrcn_seq.search._length_normalization import Length
from lrcn_seq.search._row_seeds import row_seeds, row_uniforms
from lrcn_seq.search._state_tree import batch_size, repeat_rows
from lrcn_seq.search._truncated_distribution import truncate_min_p, truncate_top_p, truncate_typical
from lrcn_seq.search.base import Seed, Step, Tree


@searches.register
class Sampling(ConstrainedSearch):
    """A search that draws sentences for each row and returns the best distinct sentences.

    Args:
        draws: the number of sentences drawn for each row.
        temperature: words are drawn from softmax(logits / temperature); values below 1 sharpen the
            distribution.
        inverse_temperature: the inverse of `temperature`, as in the paper; at most one of the two
            can be given.
        top_k: the number of most probable words to draw from; 0 for all words.
        top_p: draw from the smallest set of most probable words whose cumulative probability
            reaches `top_p`; 1 for all words.
        min_p: draw from words whose probability is at least `min_p` times that of the most probable
            word; 0 for all words.
        typical_p: draw from the smallest set of words whose cumulative probability reaches
            `typical_p`, beginning with those whose information, −log p, is closest to the entropy
            of the distribution; 1 for all words.
        length: the length normalization of the score. `none` keeps the log probability, as in
            the paper; `average` divides it by the number of words n, `power` by n^alpha, and `gnmt`
            by ((5 + n) / 6)^alpha (Wu et al. 2016, equation 14).
        alpha: the exponent of `power` and `gnmt`.
        word_reward: a number added to the score for every word; larger values prefer longer
            sentences.
        minimum_length: the smallest number of words before the end word.
        block_ngram: the size n of the n-grams that may not occur twice in a sentence; 0 allows
            repetition.
        repetition_penalty: the factor, at least 1, of the log probability of a word that the
            sentence contains already (Keskar et al. 2019, section 4.1). The
            score contains no penalty.
        suppress_unknown: whether to forbid the unknown word.
        prefix: the text with which every sentence begins. Its words need not satisfy the other
            constraints; their log probabilities count.
        forbidden: words and phrases that may not occur.
        forbidden_endings: words and phrases after which the end word is forbidden, such as `a` and
            `with`. A sentence that is cut at the word limit can still end there.
        repeatable: words that `block_ngram` ignores as the last word of an n-gram.
        at_limit: `compete` ranks sentences without an end word at the word limit by score among
            the finished sentences; `force` makes the end word the last word at the limit and adds
            its log probability.
        best: the number of returned sentences; None for all.
    """

    per_row_seeds: ClassVar[bool] = True

    def __init__(
        self,
        *,
        draws: BeamWidth = 1,
        temperature: PositiveNumber | None = None,
        inverse_temperature: PositiveNumber | None = None,
        top_k: NotNegative = 0,
        top_p: Annotated[float, Gt(0), Le(1)] = 1.0,
        min_p: Share = 0.0,
        typical_p: Annotated[float, Gt(0), Le(1)] = 1.0,
        length: Length = "none",
        alpha: NumberNotNegative = 0.6,
        word_reward: NumberNotNegative = 0.0,
        minimum_length: NotNegative = 0,
        block_ngram: NotNegative = 0,
        repetition_penalty: NumberAtLeastOne = 1.0,
        suppress_unknown: bool = True,
        prefix: str = "",
        forbidden: Sequence[str] = (),
        forbidden_endings: Sequence[str] = (),
        repeatable: Sequence[str] = (),
        at_limit: AtLimit = "compete",
        best: BeamWidth | None = None,
    ):
        if temperature and inverse_temperature:
            raise ArgumentError(
                "expected temperature or inverse_temperature. Received: "
                f"temperature={temperature}, inverse_temperature={inverse_temperature}; "
                "remove one of the two."
            )
        if best is not None and best > draws:
            raise ArgumentError(
                f"expected `best` to be at most `draws`. Received: best={best}, draws={draws}; "
                "draw more sentences."
            )
        self.draws, self.best = draws, best or draws
        self.inverse_temperature = inverse_temperature or 1.0 / (temperature or 1.0)
        self.top_k, self.top_p, self.min_p, self.typical_p = top_k, top_p, min_p, typical_p
        self.length, self.alpha, self.word_reward = length, alpha, word_reward
        super().__init__(
            Constraints(
                minimum_length,
                block_ngram,
                suppress_unknown,
                at_limit,
                repetition_penalty=repetition_penalty,
            ),
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
        seed: Seed = 0,
    ) -> Hypotheses:
        """Return the hypotheses; see `Search`."""
        self.constraints.check(limit)
        B, K = batch_size(state, memory), self.draws
        # Draw all random numbers before the loop, because a seed generator in a loop fails on JAX.
        uniforms = row_uniforms(row_seeds(seed, B), (limit, K))
        uniforms = ops.reshape(ops.transpose(uniforms, (1, 0, 2)), (limit, -1))

        def choose(logits: Tensor, words: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
            logits = ops.cast(logits, "float32")
            uniform = ops.take(uniforms, position, axis=0)[:, None]
            allowed = self._allowed_logits(logits, words, position, special)
            word = self._draw(allowed * self.inverse_temperature, uniform)[:, None]
            gain = ops.take_along_axis(logits, word, axis=1) - ops.logsumexp(
                logits, axis=1, keepdims=True
            )
            possible = ops.isfinite(ops.take_along_axis(allowed, word, axis=1))
            return word[:, 0], ops.where(possible, gain, -math.inf)[:, 0]

        state, memory = repeat_rows(state, K), repeat_rows(memory, K)
        words, total = decode(choose, step, state, memory, special=special, limit=limit)
        words, total = ops.reshape(words, (B, K, limit)), ops.reshape(total, (B, K))
        return self._rank(words, total, special)

    def _allowed_logits(
        self, logits: Tensor, words: Tensor, position: Tensor, special: Special
    ) -> Tensor:
        """Return the logits (N, V) after penalties, with −inf for words that are forbidden."""
        limit = words.shape[1]
        ids = ops.arange(logits.shape[-1], dtype="int32")[None]
        if self.constraints.repetition_penalty > 1:
            logits = ops.log_softmax(logits)
            logits = penalize_repetition(logits, ids, words, position, self.constraints)
        logits = force_words(logits, position, limit, self.constraints, special)
        allowed = allowed_words(ids, words, position, self.constraints, special)
        return ops.where(allowed, logits, -math.inf)

    def _draw(self, logits: Tensor, uniform: Tensor) -> Tensor:
        """Draw one word (N,) per row of logits (N, V) by inverse transform sampling.

        Args:
            logits: the sampling distribution after temperature and constraints.
            uniform: random numbers (N, 1) from 0 to 1.
        """
        if not self.top_k and self.top_p == self.typical_p == 1.0 and not self.min_p:
            return inverse_cdf(softmax_or_zeros(logits), uniform)
        values, ids = ops.top_k(logits, min(self.top_k or logits.shape[-1], logits.shape[-1]))
        probabilities = softmax_or_zeros(values)
        probabilities = truncate_top_p(probabilities, self.top_p)
        probabilities = truncate_min_p(probabilities, self.min_p)
        probabilities = truncate_typical(probabilities, self.typical_p)
        rank = inverse_cdf(probabilities, uniform)[:, None]
        return ops.take_along_axis(ids, rank, axis=1)[:, 0]

    def _rank(self, words: Tensor, total: Tensor, special: Special) -> Hypotheses:
        """Return the best distinct sentences of words (B, K, L) and log probabilities (B, K)."""
        length = ops.maximum(sentence_lengths(words, special), 1)
        scores = self.score(total, length)
        if self.best > 1:
            scores = ops.where(is_duplicate(words), -math.inf, scores)
        scores, order = ops.top_k(scores, self.best)
        order = ops.cast(order, "int32")
        words = ops.take_along_axis(words, order[:, :, None], axis=1)
        total = ops.take_along_axis(total, order, axis=1)
        return assemble(words, scores, total, special=special, strict=self.strict)


def softmax_or_zeros(logits: Tensor) -> Tensor:
    """Return the softmax of each row (N, V), or zeros if all of its logits are −inf."""
    peak = ops.max(logits, axis=1, keepdims=True)
    weights = ops.exp(logits - ops.where(ops.isfinite(peak), peak, 0.0))
    return weights / ops.maximum(ops.sum(weights, axis=1, keepdims=True), 1e-30)


def inverse_cdf(probabilities: Tensor, uniform: Tensor) -> Tensor:
    """Return the first index of each row whose cumulative probability exceeds `uniform`.

    An index with probability 0 is returned only if all probabilities are 0.

    Args:
        probabilities: (N, V); the rows may have any positive sum.
        uniform: random numbers (N, 1) from 0 to 1, as fractions of the sum of their row.
    """
    cumulative = ops.cumsum(probabilities, axis=1)
    exceeds = (cumulative > uniform * cumulative[:, -1:]) & (probabilities > 0)
    # If `uniform` is close to 1, rounding may leave no cumulative probability that exceeds it.
    return ops.where(
        ops.any(exceeds, axis=1), ops.argmax(exceeds, axis=1), ops.argmax(probabilities, axis=1)
    )
