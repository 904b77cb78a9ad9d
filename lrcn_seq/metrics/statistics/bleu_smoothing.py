"""BLEU from n-gram counts with the smoothing methods of NLTK and sacreBLEU.

Smoothing methods: Chen and Cherry, "A Systematic Comparison of Smoothing Techniques for
Sentence-Level BLEU", WMT 2014, section 3.

In all functions, `matches` and `guesses` (..., N) are the clipped matches and the n-grams of the
hypotheses by order; `words` and `reference_words` (..., 1) are lengths. Leading axes are corpora,
sentences or bootstrap samples.
"""

from __future__ import annotations

import sys

import numpy as np

from lrcn_seq.metrics.statistics.array_types import FloatArray

LOG_OF_ZERO = -9999999999.0


def nltk_bleu(
    matches: FloatArray,
    guesses: FloatArray,
    words: FloatArray,
    reference_words: FloatArray,
    *,
    method: int,
) -> FloatArray:
    """Return BLEU-1 to BLEU-N (..., N) as computed by NLTK's `corpus_bleu`.

    Methods 0 to 4 give the scores of NLTK. Methods 5 to 7 do so for one sentence and N = 4; see
    `Bleu` for the differences.

    Args:
        matches: (..., N + 1) matches by order.
        guesses: (..., N + 1) n-grams by order, at least one per sentence, as in NLTK; for method 6,
            the actual numbers from order 3 on.
        words: (..., 1) words of the hypotheses.
        reference_words: (..., 1) words of the closest references.
        method: number of the smoothing method, 0 to 7.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = reference_words / np.maximum(words, 1)
        short = np.where(words == 0, 0.0, np.exp(1 - ratio))
        penalty = np.where(words > reference_words, 1.0, short)
        precision = nltk_precision(matches, guesses, words, method)
        # NLTK omits precisions of 0 from the sum; method 0 replaces them by the smallest float.
        logs = np.where(precision > 0, np.log(precision), 0.0)
    mean = np.cumsum(logs, axis=-1) / np.arange(1, precision.shape[-1] + 1)
    return np.where(matches[..., :1] == 0, 0.0, penalty * np.exp(mean))


def nltk_precision(
    matches: FloatArray, guesses: FloatArray, words: FloatArray, method: int
) -> FloatArray:
    """Return the precisions (..., N), smoothed by one of the eight methods of NLTK."""
    m, g = matches[..., :-1], guesses[..., :-1]
    precision, zero = m / g, m == 0
    if method == 0:
        return np.where(zero, sys.float_info.min, precision)
    if method == 1:
        return np.where(zero, 0.1 / g, precision)
    if method == 2:
        return np.concatenate([precision[..., :1], (m[..., 1:] + 1) / (g[..., 1:] + 1)], axis=-1)
    halved = 0.5 ** np.cumsum(zero, axis=-1)
    if method == 3:
        return np.where(zero, halved / g, precision)
    if method in (4, 7):
        precision = np.where(zero & (words > 1), halved * np.log(words) / 5 / g, precision)
    if method in (5, 7):
        return averaged(precision, matches[..., -1] / guesses[..., -1])
    if method == 6:
        return interpolated(precision, m, g)
    return precision


def averaged(precision: FloatArray, beyond: FloatArray) -> FloatArray:
    """Apply method 5: average each precision with the smoothed precision of the order below and the
    raw precision of the order above.

    Args:
        precision: (..., N) raw precisions.
        beyond: (...,) raw precision of order N + 1.
    """
    above = np.concatenate([precision[..., 1:], beyond[..., None]], axis=-1)
    smoothed = [precision[..., 0] + 1]
    for n in range(precision.shape[-1]):
        smoothed.append((smoothed[-1] + precision[..., n] + above[..., n]) / 3)
    return np.stack(smoothed[1:], axis=-1)


def interpolated(precision: FloatArray, matches: FloatArray, guesses: FloatArray) -> FloatArray:
    """Apply method 6: interpolate precisions from order 3 with estimates from the orders below."""
    smoothed = [precision[..., n] for n in range(min(2, precision.shape[-1]))]
    for n in range(2, precision.shape[-1]):
        estimate = np.where(smoothed[n - 2] == 0, 0.0, smoothed[n - 1] ** 2 / smoothed[n - 2])
        smoothed.append((matches[..., n] + 5 * estimate) / (guesses[..., n] + 5))
    return np.stack(smoothed, axis=-1)


def sacre_bleu(
    matches: FloatArray,
    guesses: FloatArray,
    words: FloatArray,
    reference_words: FloatArray,
    *,
    smoothing: str,
    effective_order: bool,
) -> FloatArray:
    """Return BLEU-1 to BLEU-N (..., N) as fractions, equal to sacreBLEU with `max_ngram_order`.

    Args:
        matches: (..., N) matches by order.
        guesses: (..., N) n-grams by order.
        words: (..., 1) words of the hypotheses.
        reference_words: (..., 1) words of the closest references.
        smoothing: `exp`, `floor`, `add-k` or `none`.
        effective_order: whether to omit n-grams longer than the sentence.
    """
    orders = np.arange(1, matches.shape[-1] + 1)
    any_match = np.cumsum(matches, axis=-1) > 0
    if smoothing == "add-k":
        matches, guesses = matches + (orders > 1), guesses + (orders > 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = reference_words / np.maximum(words, 1)
        short = np.where(words > 0, np.exp(1 - ratio), 0.0)
        penalty = np.where(words < reference_words, short, 1.0)
        precision = np.where(matches > 0, matches, pseudo_matches(matches, smoothing)) / guesses
        reached = np.cumprod(guesses > 0, axis=-1).astype(bool)
        # sacreBLEU takes logarithms of percentages; this matters only in sums with LOG_OF_ZERO.
        logs = np.where(reached & (precision > 0), np.log(100 * precision), LOG_OF_ZERO)
    if effective_order:
        length = np.maximum(np.cumsum(reached, axis=-1), 1)
        mean = np.cumsum(np.where(reached, logs, 0.0), axis=-1) / length
    else:
        mean = np.cumsum(logs, axis=-1) / orders
    return np.where(any_match, penalty * np.exp(mean) / 100, 0.0)


def pseudo_matches(matches: FloatArray, smoothing: str) -> FloatArray:
    """Return (..., N) the count with which sacreBLEU replaces zero matches."""
    if smoothing == "exp":
        return np.asarray(0.5 ** np.cumsum(matches == 0, axis=-1), np.float64)
    return np.full_like(matches, 0.1 if smoothing == "floor" else 0.0)
