"""The construction of the `Hypotheses` that a search returns."""

from __future__ import annotations

import math

import numpy as np
from keras import ops

from lrcn_seq.errors import SearchError
from lrcn_seq.records import Hypotheses, Special, Tensor
from lrcn_seq.search.base import NO_SENTENCE


def assemble(
    words: Tensor,
    scores: Tensor,
    log_probabilities: Tensor,
    *,
    special: Special,
    strict: bool = True,
) -> Hypotheses:
    """Return sentences as `Hypotheses`; a sentence with a score of −inf becomes empty.

    Args:
        words: ids (B, K, L), padded after the end.
        scores: (B, K), best first.
        log_probabilities: (B, K).
        special: the special ids.
        strict: whether to raise an error for a row without a sentence; compiled models cannot.

    Raises:
        SearchError: a row has no sentence.
    """
    exists = scores > -math.inf
    words = ops.where(exists[:, :, None], words, special.pad)
    log_probabilities = ops.where(exists, log_probabilities, -math.inf)
    found = Hypotheses(words, scores, sentence_lengths(words, special), log_probabilities)
    if strict:
        _check_rows(found.scores[:, 0])
    return found


def _check_rows(scores: Tensor) -> None:
    """Raise SearchError if a best score (B,) is not finite; do not check symbolic tensors."""
    try:
        best = ops.convert_to_numpy(scores)
    except (NotImplementedError, TypeError, ValueError, RuntimeError):
        return  # symbolic tensors of a compiled model
    missing = np.flatnonzero(~np.isfinite(best)).tolist()
    if missing:
        rows = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
        raise SearchError(f"row {rows}: {NO_SENTENCE}")


def sentence_lengths(words: Tensor, special: Special) -> Tensor:
    """Return the number of words of each sentence (..., L), including the end word."""
    return ops.sum(ops.cast(words != special.pad, "int32"), axis=-1)


def is_duplicate(words: Tensor) -> Tensor:
    """Return a mask (B, K) of sentences (B, K, L) that equal an earlier sentence of their row."""
    equal = ops.all(words[:, :, None] == words[:, None], axis=-1)
    return ops.any(equal & ops.triu(ops.ones_like(equal), 1), axis=1)
