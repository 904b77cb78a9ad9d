"""One sentence for each row, written word by word; and how sentences are handed over."""

from __future__ import annotations

import math

from keras import ops

from lrcn_seq.records import Hypotheses, Special
from lrcn_seq.search._rows import row_count, while_rows


def walk(choose, step, state, memory, *, special: Special, limit: int):
    """Words (N, L) and the sums of their log probabilities (N,), −inf where no word was allowed.

    `choose(logits, words, position)` gives the next words (N,) and their log probabilities (N,).
    """
    N = row_count(state, memory)

    def body(carry, state):
        position, word, total, words = carry
        out = step(word, state, memory)
        chosen, gain = choose(out.logits, words, position)
        going = (word != special.end) & ops.isfinite(total)
        word = ops.where(going, ops.cast(chosen, "int32"), special.end)
        written = (ops.arange(limit) == position) & going[:, None]
        return (
            position + 1,
            word,
            total + ops.where(going, gain, 0.0),
            ops.where(written, word[:, None], words),
        ), out.state

    def going_on(carry):
        position, word, total, _ = carry
        return (position < limit) & ops.any((word != special.end) & ops.isfinite(total))

    carry = (
        ops.zeros((), "int32"),
        ops.full((N,), special.start, "int32"),
        ops.zeros((N,), "float32"),
        ops.full((N, limit), special.pad, "int32"),
    )
    _, _, total, words = while_rows(going_on, body, carry, state)
    return words, total


def handed_over(words, scores, total, *, special: Special) -> Hypotheses:
    """Sentences (B, K, L) as a record; places whose score is −inf are emptied."""
    found = scores > -math.inf
    words = ops.where(found[:, :, None], words, special.pad)
    return Hypotheses(
        words, scores, word_counts(words, special), ops.where(found, total, -math.inf)
    )


def word_counts(words, special: Special):
    """Words of each sentence (..., L), the end counted."""
    return ops.sum(ops.cast(words != special.pad, "int32"), axis=-1)
