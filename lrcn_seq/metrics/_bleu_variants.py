"""BLEU from the same counts as NLTK and sacreBLEU compute it.

Smoothing methods: Chen and Cherry, "A Systematic Comparison of Smoothing Techniques for Sentence-Level BLEU", WMT 2014, section 3.
"""

from __future__ import annotations

import sys

import numpy as np

LOG_OF_ZERO = -9999999999.0


def nltk_bleu(
    matches: np.ndarray, guesses: np.ndarray, words: np.ndarray, wanted: np.ndarray, *, method: int
) -> np.ndarray:
    """(..., N) from matches and n-grams (..., N+1), words and reference words (..., 1), equal to NLTK's `corpus_bleu`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        penalty = np.where(
            words > wanted,
            1.0,
            np.where(words == 0, 0.0, np.exp(1 - wanted / np.maximum(words, 1))),
        )
        precision = nltk_smoothed(matches, guesses, words, method)
        # NLTK leaves an order without matches out of the sum; with method0 its precision is the smallest float instead.
        logs = np.where(precision > 0, np.log(precision), 0.0)
    mean = np.cumsum(logs, axis=-1) / np.arange(1, precision.shape[-1] + 1)
    return np.where(matches[..., :1] == 0, 0.0, penalty * np.exp(mean))


def nltk_smoothed(
    matches: np.ndarray, guesses: np.ndarray, words: np.ndarray, method: int
) -> np.ndarray:
    """(..., N) precisions after smoothing by one of the eight methods."""
    m, g = matches[..., :-1], guesses[..., :-1]
    precision, none = m / g, m == 0
    if method == 0:
        return np.where(none, sys.float_info.min, precision)
    if method == 1:
        return np.where(none, 0.1 / g, precision)
    if method == 2:
        return np.concatenate([precision[..., :1], (m[..., 1:] + 1) / (g[..., 1:] + 1)], axis=-1)
    halved = 0.5 ** np.cumsum(none, axis=-1)
    if method == 3:
        return np.where(none, halved / g, precision)
    if method in (4, 7):
        precision = np.where(none & (words > 1), halved * np.log(words) / 5 / g, precision)
    if method in (5, 7):
        return neighbors(precision, matches[..., -1] / guesses[..., -1])
    return (
        interpolated(precision, m, np.maximum(words - np.arange(m.shape[-1]), 0))
        if method == 6
        else precision
    )


def neighbors(precision: np.ndarray, beyond: np.ndarray) -> np.ndarray:
    """Method 5: each precision averaged with the smoothed one below and the plain one above."""
    above = np.concatenate([precision[..., 1:], beyond[..., None]], axis=-1)
    smoothed = [precision[..., 0] + 1]
    for n in range(precision.shape[-1]):
        smoothed.append((smoothed[-1] + precision[..., n] + above[..., n]) / 3)
    return np.stack(smoothed[1:], axis=-1)


def interpolated(precision: np.ndarray, matches: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Method 6: each precision from the third on mixed with what the two before it lead to expect."""
    smoothed = [precision[..., n] for n in range(min(2, precision.shape[-1]))]
    for n in range(2, precision.shape[-1]):
        expected = np.where(smoothed[n - 2] == 0, 0.0, smoothed[n - 1] ** 2 / smoothed[n - 2])
        smoothed.append((matches[..., n] + 5 * expected) / (counts[..., n] + 5))
    return np.stack(smoothed, axis=-1)


def sacre_bleu(
    matches: np.ndarray,
    guesses: np.ndarray,
    words: np.ndarray,
    wanted: np.ndarray,
    *,
    smoothing: str,
    effective_order: bool,
) -> np.ndarray:
    """(..., N) as fractions, equal to sacreBLEU with `max_ngram_order` 1 to N."""
    orders = np.arange(1, matches.shape[-1] + 1)
    any_match = np.cumsum(matches, axis=-1) > 0
    if smoothing == "add-k":
        matches, guesses = matches + (orders > 1), guesses + (orders > 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        penalty = np.where(
            words < wanted, np.where(words > 0, np.exp(1 - wanted / np.maximum(words, 1)), 0.0), 1.0
        )
        filler = {"exp": 0.5 ** np.cumsum(matches == 0, axis=-1), "floor": 0.1}.get(smoothing, 0.0)
        precision = np.where(matches > 0, matches, filler) / guesses
        reached = np.cumprod(guesses > 0, axis=-1).astype(bool)
        # logs are of percent, as there: it matters only beside the stand-in for log 0
        logs = np.where(reached & (precision > 0), np.log(100 * precision), LOG_OF_ZERO)
    if effective_order:
        length = np.maximum(np.cumsum(reached, axis=-1), 1)
        mean = np.cumsum(np.where(reached, logs, 0.0), axis=-1) / length
    else:
        mean = np.cumsum(logs, axis=-1) / orders
    return np.where(any_match, penalty * np.exp(mean) / 100, 0.0)
