"""The result of a search."""

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
    """Return sentences as hypotheses; those with a score of −inf become empty.

    Args:
        words: ids (B, K, L), padded after the end.
        scores: (B, K), best first.
        log_probabilities: (B, K).
        special: the special ids.
        strict: whether a row without a sentence is an error, which compiled models cannot raise.

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
    """Raise SearchError if a row has the best score −inf, unless the scores (B,) are symbolic."""
    try:
        best = ops.convert_to_numpy(scores)
    except (NotImplementedError, TypeError, ValueError, RuntimeError):
        return  # symbolic tensors of a compiled model
    missing = np.flatnonzero(~np.isfinite(best)).tolist()
    if missing:
        rows = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
        raise SearchError(f"row {rows}: {NO_SENTENCE}")


def sentence_lengths(words: Tensor, special: Special) -> Tensor:
    """Return the number of words of each sentence (..., L), including the end."""
    return ops.sum(ops.cast(words != special.pad, "int32"), axis=-1)
