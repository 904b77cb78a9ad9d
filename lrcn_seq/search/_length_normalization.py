"""Length normalization of scores, to compare sentences of different lengths."""

from __future__ import annotations

from typing import Literal

from keras import ops

from lrcn_seq.records import Tensor

Length = Literal["none", "average", "gnmt"]


def normalize(
    log_probability: Tensor, length: Tensor | int, *, kind: Length, alpha: float
) -> Tensor:
    """Return the score of a sentence: its log probability, normalized by its length.

    Args:
        log_probability: the sum of the log probabilities of all words of the sentence.
        length: the number of words, including the end word; a broadcastable tensor or an integer.
        kind: `none` for the sum, `average` for the mean, or `gnmt` for
            sum / ((5 + length) / 6)^alpha (Wu et al. 2016, equation 14).
        alpha: the exponent of `gnmt`.
    """
    if kind == "none":
        return log_probability
    length = ops.cast(length, "float32")
    return log_probability / (length if kind == "average" else ((5.0 + length) / 6.0) ** alpha)
