"""Constraints on sentences, and the most probable next words that satisfy them."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Special, Tensor
from lrcn_seq.search._top_k import top_k

AtLimit = Literal["compete", "force"]


class Constraints(NamedTuple):
    """Constraints on the sentences that a search finds.

    Attributes:
        minimum_length: the smallest number of words before the end word.
        block_ngram: the size n of the n-grams that may not occur twice; 0 allows repetition.
        suppress_unknown: whether to forbid the unknown word.
        at_limit: `force` allows only the end word at the last position; `compete` also allows other
            words there, which leave the sentence unfinished.
    """

    minimum_length: int = 0
    block_ngram: int = 0
    suppress_unknown: bool = True
    at_limit: AtLimit = "compete"

    def forbidden_ids(self, special: Special) -> list[int]:
        """Return the ids that are forbidden at every position."""
        return [special.pad, special.start, *([special.unknown] if self.suppress_unknown else [])]

    def check(self, limit: int) -> None:
        """Raise ArgumentError unless a sentence of `limit` words can satisfy the constraints."""
        if limit < 1 or self.minimum_length >= limit:
            raise ArgumentError(
                "expected a limit of at least minimum_length + 1 words. Received: "
                f"limit={limit}, minimum_length={self.minimum_length}."
            )


def candidates(
    logits: Tensor,
    words: Tensor,
    position: Tensor | int,
    *,
    count: int,
    constraints: Constraints,
    special: Special,
) -> tuple[Tensor, Tensor]:
    """Return the most probable next words of each sentence.

    The constraints are applied to the `count` most probable words and as many further words as the
    constraints can forbid. This is exact and needs no mask over the vocabulary. The probabilities
    are not renormalized.

    Args:
        logits: tensor (N, V).
        words: the sentences so far, (N, L); only positions before `position` are read.
        position: the position of the next word, from 0 to L − 1.
        count: the number of allowed words to return, if V permits.
        constraints: the constraints on sentences.
        special: the special ids.

    Returns:
        Log probabilities (N, k), −inf for forbidden words, and ids (N, k), most probable first,
        with k ≥ `count` if V permits.
    """
    forbidden = constraints.forbidden_ids(special)
    minimum_length, n = constraints.minimum_length, constraints.block_ngram
    spare = len(forbidden) + (minimum_length > 0) + (max(0, words.shape[1] - n + 1) if n else 0)
    logits = ops.cast(logits, "float32")
    values, ids = top_k(
        end_at_limit(logits, position, words.shape[1], constraints, special),
        min(logits.shape[-1], count + spare),
    )
    peak = ops.max(logits, axis=-1, keepdims=True)
    peak = ops.where(ops.isfinite(peak), peak, 0.0)
    log_sum = ops.log(ops.sum(ops.exp(logits - peak), axis=-1, keepdims=True))
    log_probabilities = values - peak - log_sum
    allowed = ops.isfinite(log_probabilities)
    for word in forbidden:
        allowed &= ids != word
    if minimum_length:
        allowed &= (ids != special.end) | (position >= minimum_length)
    if n:
        allowed &= ~completes_ngram(ids, words, position, n)
    return ops.where(allowed, ops.minimum(log_probabilities, 0.0), -math.inf), ids


def end_at_limit(
    logits: Tensor, position: Tensor | int, limit: int, constraints: Constraints, special: Special
) -> Tensor:
    """Return logits (N, V); `force` sets all but the end word to −inf at the last position.

    Args:
        logits: tensor (N, V).
        position: the position of the next word.
        limit: the largest number of words, including the end word.
        constraints: the constraints on sentences.
        special: the special ids.
    """
    if constraints.at_limit == "compete":
        return logits
    is_end = ops.arange(logits.shape[-1], dtype="int32") == special.end
    return ops.where(is_end | (position < limit - 1), logits, -math.inf)


def completes_ngram(ids: Tensor, words: Tensor, position: Tensor | int, n: int) -> Tensor:
    """Return a mask (N, k) of candidates that complete an n-gram already in their sentence.

    Args:
        ids: candidates (N, k).
        words: the sentences so far, (N, L).
        position: the position of the candidates.
        n: the size of the n-grams.
    """
    windows = words.shape[1] - n + 1
    if windows < 1:
        return ops.zeros_like(ids, dtype="bool")
    repeats = ops.arange(windows) + n <= position
    for offset in range(n - 1):
        latest = ops.take(words, ops.maximum(position - (n - 1) + offset, 0), axis=1)
        repeats = repeats & (words[:, offset : offset + windows] == latest[:, None])
    closing = ops.where(repeats, words[:, n - 1 :], -1)
    return ops.any(ids[:, :, None] == ops.cast(closing, ids.dtype)[:, None, :], axis=-1)
