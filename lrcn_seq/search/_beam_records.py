"""The loop variables of beam search, and the order in which hypotheses fill the beams."""

from __future__ import annotations

import math
from typing import NamedTuple

from keras import ops

from lrcn_seq.records import Tensor
from lrcn_seq.search._required_phrases import RequiredPhrases
from lrcn_seq.search._state_tree import map_tensors


class Beams(NamedTuple):
    """The loop variables: growing hypotheses, and finished hypotheses sorted by score."""

    position: Tensor
    """Number of words so far, ()."""
    word: Tensor
    """Last word of each growing hypothesis, (B, K)."""
    total: Tensor
    """Log probabilities of the growing hypotheses minus their penalties, (B, K), by which they
    are ranked; −inf for missing hypotheses."""
    log_probability: Tensor
    """Log probabilities of the growing hypotheses, (B, K)."""
    coverage: Tensor
    """Coverage scores of the growing hypotheses, (B, K), at most 0; see `_coverage`."""
    words: Tensor
    """Growing hypotheses, (B, K, L)."""
    finished_scores: Tensor
    """Scores of the finished hypotheses, (B, K); −inf for missing hypotheses."""
    finished_total: Tensor
    """Log probabilities of the finished hypotheses minus their penalties, (B, K)."""
    finished_log_probability: Tensor
    """Log probabilities of the finished hypotheses, (B, K)."""
    finished_words: Tensor
    """Finished hypotheses, (B, K, L)."""


class History(NamedTuple):
    """What the earlier words of each beam determine, apart from the state of the decoder."""

    required: Tensor | None
    """States in the automaton of the required phrases, (B·K,); None without such phrases."""
    coverage: Tensor | None
    """Sums of the attention weights, (B·K, M); None without the coverage penalty."""


class Predictions(NamedTuple):
    """The next words of growing hypotheses."""

    logits: Tensor
    """Logits of the next words, (B, K, V)."""
    required: Tensor | None
    """States in the automaton of the required phrases, (B, K); None without such phrases."""
    coverage: Tensor | None
    """Coverage scores of the hypotheses with one more word, (B, K); None without the penalty."""

    def of_beams(self, start: int, count: int) -> Predictions:
        """Return the predictions of `count` beams from the beam `start` on."""
        predictions: Predictions = map_tensors(lambda array: array[:, start : start + count], self)
        return predictions


class Extensions(NamedTuple):
    """Hypotheses that are one word longer, in the order in which they fill the beams."""

    priority: Tensor
    """Numbers that fall in this order, (B, 2K); −inf for missing hypotheses."""
    total: Tensor
    """Log probabilities minus penalties, (B, 2K)."""
    log_probability: Tensor
    """Log probabilities, (B, 2K)."""
    coverage: Tensor
    """Coverage scores, (B, 2K)."""
    parents: Tensor
    """Indices of the growing hypotheses that were extended, (B, 2K)."""
    word: Tensor
    """Last words, (B, 2K)."""
    words: Tensor
    """Words, (B, 2K, L)."""


def fill_beams(
    totals: Tensor, ids: Tensor, states: Tensor | None, required: RequiredPhrases | None
) -> tuple[Tensor, Tensor]:
    """Return priorities and indices (B, 2K) of the extensions that fill the beams first.

    Without required phrases, these are the most probable extensions. Otherwise, extensions are
    divided into banks by the number of words that they still need (dynamic beam allocation, Post
    and Vilar, "Fast Lexically Constrained Decoding", NAACL 2018, section 3).

    Args:
        totals: log probabilities minus penalties (B, K, k).
        ids: the last words of the extensions, (B, K, k).
        states: the states of their parents in the automaton, (B, K).
        required: the automaton of the required phrases.
    """
    B, K, k = ops.shape(totals)
    count = min(2 * K, K * k)
    totals = ops.reshape(totals, (B, K * k))
    if required is None or states is None:
        priority, chosen = ops.top_k(totals, count)
        return priority, ops.cast(chosen, "int32")
    banks = required.missing_after(ops.reshape(states, (B * K,)), ops.reshape(ids, (B * K, k)))
    bank_count = int(required.missing.max()) + 1
    return fill_from_banks(totals, ops.reshape(banks, (B, K * k)), bank_count, count)


def fill_from_banks(
    totals: Tensor, banks: Tensor, bank_count: int, count: int
) -> tuple[Tensor, Tensor]:
    """Return priorities and indices (B, count) of elements, taken from all banks in turn.

    The best elements of all banks come first, then the second best elements, and so on.

    Args:
        totals: numbers (B, M), of which the largest of a bank is taken first; −inf for missing
            elements.
        banks: the bank of each element, (B, M).
        bank_count: the number of banks.
        count: the number of elements to return.
    """
    M = totals.shape[1]
    totals, order = ops.top_k(totals, M)
    order = ops.cast(order, "int32")
    banks = ops.take_along_axis(banks, order, axis=1)
    members = ops.cast(banks[:, :, None] == ops.arange(bank_count, dtype="int32"), "int32")
    rank = ops.sum(members * ops.cumsum(members, axis=1), axis=-1)
    places = ops.arange(M, dtype="int32")
    turn = ops.where(ops.isfinite(totals), rank, M + 1) * M + places
    chosen = ops.cast(ops.top_k(-turn, count)[1], "int32")
    finite = ops.isfinite(ops.take_along_axis(totals, chosen, axis=1))
    priority = ops.where(finite, -ops.arange(count, dtype="float32"), -math.inf)
    return priority, ops.take_along_axis(order, chosen, axis=1)
