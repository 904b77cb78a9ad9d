"""Length normalization of scores, to compare sentences of different lengths."""

from __future__ import annotations

from typing import Literal

from keras import ops

from lrcn_seq.records import Tensor

Length = Literal["none", "average", "power", "gnmt"]


def normalize(
    log_probability: Tensor,
    length: Tensor | int,
    *,
    kind: Length,
    alpha: float,
    word_reward: float = 0.0,
) -> Tensor:
    """Return the score of a sentence: its log probability, normalized by its length.

    Args:
        log_probability: the sum of the log probabilities of all words of the sentence.
        length: the number of words, including the end word; a broadcastable tensor or an integer.
        kind: `none` for the sum, `average` for the mean, `power` for sum / length^alpha, or `gnmt`
            for sum / ((5 + length) / 6)^alpha (Wu et al. 2016, equation 14).
        alpha: the exponent of `power` and `gnmt`.
        word_reward: a number added for every word (He et al., "Improved Neural Machine Translation
            with SMT Features", 2016, section 3.3).
    """
    length = ops.cast(length, "float32")
    divisors = {"average": 1.0, "power": alpha}
    if kind == "gnmt":
        log_probability = log_probability / ((5.0 + length) / 6.0) ** alpha
    elif kind != "none":
        log_probability = log_probability / length ** divisors[kind]
    return log_probability + word_reward * length if word_reward else log_probability
