"""Sentences drawn by chance, the most probable kept.

Donahue et al. 2015, section 5.2.2: 100 sentences drawn at inverse temperature 1.5, of which the one of the highest log probability
is the caption; it was better than their beam search. Top-k: Fan et al. 2018, section 5.4; top-p: Holtzman et al. 2020, section 3.1.
"""

from __future__ import annotations

import math
from typing import Annotated

import keras
from annotated_types import Gt, Le
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import (
    Hypotheses,
    NotNegative,
    NumberNotNegative,
    Positive,
    PositiveNumber,
    Special,
)
from lrcn_seq.registry import searches
from lrcn_seq.search._choice import Length, Rules, normalized
from lrcn_seq.search._rows import repeated, row_count
from lrcn_seq.search._walk import handed_over, walk, word_counts
from lrcn_seq.search.base import Search


@searches.register
class Sampling(Search):
    """Draws sentences for each row and ranks them; equal ones count once.

    A row none of whose sentences ended within the limit gives its unfinished ones; otherwise only finished ones are returned.

    Args:
        draws: sentences drawn for each row.
        temperature: words are drawn from softmax(logits / temperature): below 1 sharpens.
        inverse_temperature: or, as the paper has it, from softmax(inverse_temperature · logits): above 1 sharpens. Give one of the two.
        top_k: only among the k most probable words; 0 for all.
        top_p: only among the most probable words that together have this share, the word that reaches it included; 1 for all.
        length: what sentences are ranked by: the model's log probability (none, the paper), its average over words, or gnmt with `alpha`.
        minimum_length: words that come before the end at least.
        suppress_unknown: never the unknown word.
        best: how many sentences are returned, all draws by default.
    """

    def __init__(
        self,
        *,
        draws: Positive = 1,
        temperature: PositiveNumber | None = None,
        inverse_temperature: PositiveNumber | None = None,
        top_k: NotNegative = 0,
        top_p: Annotated[float, Gt(0), Le(1)] = 1.0,
        length: Length = "none",
        alpha: NumberNotNegative = 0.6,
        minimum_length: NotNegative = 0,
        suppress_unknown: bool = True,
        best: Positive | None = None,
    ):
        if temperature and inverse_temperature:
            raise ArgumentError(
                f"expected temperature or inverse_temperature. Received: temperature={temperature}, inverse_temperature={inverse_temperature}; leave one out."
            )
        if best is not None and best > draws:
            raise ArgumentError(
                f"expected best to be at most draws. Received: best={best}, draws={draws}; draw more sentences."
            )
        self.draws, self.sharpness = draws, inverse_temperature or 1.0 / (temperature or 1.0)
        self.top_k, self.top_p, self.length, self.alpha, self.best = (
            top_k,
            top_p,
            length,
            alpha,
            best or draws,
        )
        self.rules = Rules(minimum_length, 0, suppress_unknown)

    def __call__(self, step, state, memory, *, special: Special, limit: int, seed=0) -> Hypotheses:
        """The sentences; see `Search`."""
        self.rules.check(limit)
        B = row_count(state, memory)
        # all chance is drawn here: a seed generator inside the loop fails on JAX
        uniforms = ops.reshape(keras.random.uniform((limit, B, self.draws), seed=seed), (limit, -1))

        def choose(logits, words, position):  # noqa: ARG001 - no rule here looks back
            logits = ops.cast(logits, "float32")
            word = self._draw(
                self._sharpened(logits, position, special),
                ops.take(uniforms, position, axis=0)[:, None],
            )
            gain = ops.take_along_axis(logits, word[:, None], axis=1)[:, 0] - ops.logsumexp(
                logits, axis=1
            )
            return word, ops.where(self._permitted(word, position, special), gain, -math.inf)

        words, total = walk(
            choose,
            step,
            repeated(state, self.draws),
            repeated(memory, self.draws),
            special=special,
            limit=limit,
        )
        return self._ranked(
            ops.reshape(words, (B, self.draws, limit)), ops.reshape(total, (B, self.draws)), special
        )

    def _sharpened(self, logits, position, special: Special):
        """Logits (N, V) to draw from, −inf where a word is not permitted."""
        words = ops.arange(logits.shape[-1], dtype="int32")
        return ops.where(
            self._permitted(words, position, special), logits * self.sharpness, -math.inf
        )

    def _permitted(self, words, position, special: Special):
        permitted = (words != special.end) | (position >= self.rules.minimum_length)
        for never in self.rules.never(special):
            permitted &= words != never
        return permitted

    def _draw(self, logits, uniform):
        """One word (N,) of each row: where the cumulative probability passes uniform (N, 1)."""
        if not self.top_k and self.top_p == 1.0:
            return inverse_cdf(probabilities(logits), uniform)
        values, ids = ops.top_k(logits, min(self.top_k or logits.shape[-1], logits.shape[-1]))
        chances = probabilities(values)
        chances = ops.where(ops.cumsum(chances, axis=1) - chances < self.top_p, chances, 0.0)
        return ops.take_along_axis(ids, inverse_cdf(chances, uniform)[:, None], axis=1)[:, 0]

    def _ranked(self, words, total, special: Special) -> Hypotheses:
        scores = normalized(
            total, ops.maximum(word_counts(words, special), 1), kind=self.length, alpha=self.alpha
        )
        ended = ops.any(words == special.end, axis=2) & ops.isfinite(total)
        scores = ops.where(ended | ~ops.any(ended, axis=1, keepdims=True), scores, -math.inf)
        if self.best > 1:
            scores = ops.where(drawn_before(words), -math.inf, scores)
        scores, order = ops.top_k(scores, self.best)
        order = ops.cast(order, "int32")
        return handed_over(
            ops.take_along_axis(words, order[:, :, None], axis=1),
            scores,
            ops.take_along_axis(total, order, axis=1),
            special=special,
        )


def probabilities(logits):
    """Softmax that gives zeros, not NaN, where all logits are −inf."""
    peak = ops.max(logits, axis=1, keepdims=True)
    weights = ops.exp(logits - ops.where(ops.isfinite(peak), peak, 0.0))
    return weights / ops.maximum(ops.sum(weights, axis=1, keepdims=True), 1e-30)


def inverse_cdf(chances, uniform):
    """The first place (N,) whose cumulative chance passes `uniform` (N, 1) of the total; never one without a chance, as long as there is another."""
    cumulative = ops.cumsum(chances, axis=1)
    passed = (cumulative > uniform * cumulative[:, -1:]) & (chances > 0)
    # rounding may leave the very last part of the total to nobody
    return ops.where(
        ops.any(passed, axis=1), ops.argmax(passed, axis=1), ops.argmax(chances, axis=1)
    )


def drawn_before(words):
    """Whether each sentence (B, K, L) equals an earlier one of its row."""
    equal = ops.all(words[:, :, None] == words[:, None], axis=-1)
    return ops.any(equal & ops.triu(ops.ones_like(equal), 1), axis=1)
