"""Which words may come next, and how likely they are; how a sum is made comparable between lengths."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Special

Length = Literal["none", "average", "gnmt"]
MANY_WORDS = 2048  # from here on two small top-k are faster than one
STRIDES = (16, 17, 18, 15, 19, 14, 20, 13, 21, 12, 11, 10)


class Rules(NamedTuple):
    """What a sentence must keep to.

    `minimum_length` words before the end · no `block_ngram` words in a row twice (0: any) · `suppress_unknown`: never the unknown word.
    """

    minimum_length: int = 0
    block_ngram: int = 0
    suppress_unknown: bool = True

    def never(self, special: Special) -> list[int]:
        """The ids that no sentence has."""
        return [special.pad, special.start, *([special.unknown] if self.suppress_unknown else [])]

    def check(self, limit: int) -> None:
        """Raises ArgumentError where no sentence can keep to them."""
        if limit < 1 or self.minimum_length >= limit:
            raise ArgumentError(
                f"expected a limit of at least minimum_length + 1 words. Received: limit={limit}, minimum_length={self.minimum_length}."
            )


def candidates(logits, words, position, *, places: int, rules: Rules, special: Special):
    """The most probable next words of each row: log probabilities (N, k) and ids (N, k), best first, k ≥ `places` where V allows.

    `words` (N, L) are those before `position`. A forbidden word has −inf. Looking at a few words more than there are places and
    forbidding among these is exact, and spares a mask over the vocabulary. Probabilities are the model's: what is forbidden keeps its share.
    """
    never = rules.never(special)
    spare = (
        len(never)
        + (rules.minimum_length > 0)
        + (max(0, words.shape[1] - rules.block_ngram + 1) if rules.block_ngram else 0)
    )
    logits = ops.cast(logits, "float32")
    values, ids = largest(logits, min(logits.shape[-1], places + spare))
    peak = values[:, :1]
    peak = ops.where(ops.isfinite(peak), peak, 0.0)
    log_probabilities = (
        values - peak - ops.log(ops.sum(ops.exp(logits - peak), axis=-1, keepdims=True))
    )
    allowed = ops.isfinite(log_probabilities)
    for word in never:
        allowed &= ids != word
    if rules.minimum_length:
        allowed &= (ids != special.end) | (position >= rules.minimum_length)
    if rules.block_ngram:
        allowed &= ~completes_ngram(ids, words, position, rules.block_ngram)
    return ops.where(allowed, ops.minimum(log_probabilities, 0.0), -math.inf), ids


def largest(x, k: int):
    """The k largest of each row of x (N, V) and where they stand, largest first.

    Of many, the columns of V folded to (stride, V / stride) that hold the k largest hold all k largest.
    """
    V = x.shape[-1]
    if max(MANY_WORDS, 32 * k) > V:
        return ops.top_k(x, k)
    stride = next((number for number in STRIDES if V % number == 0), STRIDES[0])
    width = V // stride
    folded = ops.reshape(x[:, : width * stride] if V % stride else x, (-1, stride, width))
    _, columns = ops.top_k(ops.max(folded, axis=1), k)
    places = ops.cast(
        columns[:, None, :] + width * ops.arange(stride, dtype=columns.dtype)[:, None], "int32"
    )
    values = ops.reshape(
        ops.take_along_axis(folded, ops.cast(columns, "int32")[:, None, :], axis=2),
        (-1, stride * k),
    )
    places = ops.reshape(places, (-1, stride * k))
    if V % stride:
        rest = x[:, width * stride :]
        values = ops.concatenate([values, rest], axis=1)
        places = ops.concatenate(
            [
                places,
                ops.zeros_like(rest, dtype="int32") + ops.arange(width * stride, V, dtype="int32"),
            ],
            axis=1,
        )
    values, order = ops.top_k(values, k)
    return values, ops.take_along_axis(places, order, axis=1)


def completes_ngram(ids, words, position, n: int):
    """Whether each id (N, k), put at `position` of words (N, L), completes n words that stand there already."""
    windows = words.shape[1] - n + 1
    if windows < 1:
        return ops.zeros_like(ids, dtype="bool")
    repeats = ops.arange(windows) + n <= position
    for offset in range(n - 1):
        latest = ops.take(words, ops.maximum(position - (n - 1) + offset, 0), axis=1)
        repeats = repeats & (words[:, offset : offset + windows] == latest[:, None])
    closing = ops.where(repeats, words[:, n - 1 :], -1)
    return ops.any(ids[:, :, None] == ops.cast(closing, ids.dtype)[:, None, :], axis=-1)


def normalized(log_probability, length, *, kind: Length, alpha: float):
    """The score of a sum of log probabilities over `length` words.

    `none`: the sum · `average`: the mean · `gnmt`: the sum / ((5 + length) / 6)^alpha (Wu et al. 2016, equation 14).
    """
    if kind == "none":
        return log_probability
    length = ops.cast(length, "float32")
    return log_probability / (length if kind == "average" else ((5.0 + length) / 6.0) ** alpha)
