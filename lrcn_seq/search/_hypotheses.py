"""The result of a search."""

from __future__ import annotations

import math

from keras import ops

from lrcn_seq.records import Hypotheses, Special, Tensor


def assemble(
    words: Tensor, scores: Tensor, log_probabilities: Tensor, *, special: Special
) -> Hypotheses:
    """Return sentences as hypotheses; those with a score of −inf become empty.

    Args:
        words: ids (B, K, L), padded after the end.
        scores: (B, K), best first.
        log_probabilities: (B, K).
        special: the special ids.
    """
    exists = scores > -math.inf
    words = ops.where(exists[:, :, None], words, special.pad)
    log_probabilities = ops.where(exists, log_probabilities, -math.inf)
    return Hypotheses(words, scores, sentence_lengths(words, special), log_probabilities)


def sentence_lengths(words: Tensor, special: Special) -> Tensor:
    """Return the number of words of each sentence (..., L), including the end."""
    return ops.sum(ops.cast(words != special.pad, "int32"), axis=-1)
