"""Constraints on sentences, and the most probable next words that satisfy them."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Special, Tensor
from lrcn_seq.search._required_phrases import RequiredPhrases
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
        prefix: ids of the words with which every sentence begins; they need not satisfy the other
            constraints.
        phrases: ids of the phrases that may not occur. A phrase that ends in the end word is
            forbidden at the end of a sentence.
        repeatable: ids of words that `block_ngram` ignores as the last word of an n-gram.
        required: the phrases that every sentence must contain, None for none.
        repetition_penalty: the factor of the log probabilities of words that a sentence contains
            already.
    """

    minimum_length: int = 0
    block_ngram: int = 0
    suppress_unknown: bool = True
    at_limit: AtLimit = "compete"
    prefix: tuple[int, ...] = ()
    phrases: tuple[tuple[int, ...], ...] = ()
    repeatable: tuple[int, ...] = ()
    required: RequiredPhrases | None = None
    repetition_penalty: float = 1.0

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
        if len(self.prefix) >= limit:
            raise ArgumentError(
                "expected a limit of at least one word more than the prefix. Received: "
                f"limit={limit}, and a prefix of {len(self.prefix)} words."
            )
        if self.required is not None:
            self._check_required(self.required, limit)

    def _check_required(self, required: RequiredPhrases, limit: int) -> None:
        """Raise ArgumentError if no sentence can contain the required phrases."""
        needed = len(self.prefix) + int(required.missing[required.after(self.prefix)])
        if needed >= limit:
            raise ArgumentError(
                f"required: expected words and phrases that fit into {limit - 1} words, together "
                f"with the prefix. Received: {needed} words; remove some, or raise the limit."
            )


def candidates(
    logits: Tensor,
    words: Tensor,
    position: Tensor | int,
    *,
    count: int,
    constraints: Constraints,
    special: Special,
    required: Tensor | None = None,
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
        required: the states (N,) of the sentences in the automaton of `constraints.required`. Its
            words are candidates however improbable they are.

    Returns:
        Log probabilities (N, k), −inf for forbidden words, and ids (N, k), most probable first,
        with k ≥ `count` if V permits.
    """
    limit = words.shape[1]
    logits = ops.cast(logits, "float32")
    forced = force_words(logits, position, limit, constraints, special)
    values, ids = top_k(
        forced, min(logits.shape[-1], count + forbidden_count(constraints, limit, special))
    )
    if constraints.required is not None:
        values, ids = append_words(values, ids, forced, constraints.required.words)
    peak = ops.max(logits, axis=-1, keepdims=True)
    peak = ops.where(ops.isfinite(peak), peak, 0.0)
    log_sum = ops.log(ops.sum(ops.exp(logits - peak), axis=-1, keepdims=True))
    log_probabilities = values - peak - log_sum
    allowed = ops.isfinite(log_probabilities)
    allowed &= allowed_words(ids, words, position, constraints, special)
    if constraints.required is not None:
        allowed &= constraints.required.allowed(
            required, ids, left=limit - 2 - position, special=special
        )
    return ops.where(allowed, ops.minimum(log_probabilities, 0.0), -math.inf), ids


def penalize_repetition(
    log_probabilities: Tensor,
    ids: Tensor,
    words: Tensor,
    position: Tensor | int,
    constraints: Constraints,
) -> Tensor:
    """Return log probabilities (N, k), multiplied by a factor for words that occur already.

    The penalty is that of Keskar et al., "CTRL", arXiv 1909.05858, 2019, section 4.1, applied to
    log probabilities, as in the beam search of Hugging Face Transformers.

    Args:
        log_probabilities: log probabilities of candidates, (N, k).
        ids: candidates (N, k) or (1, k).
        words: the sentences so far, (N, L); only positions before `position` are read.
        position: the position of the candidates.
        constraints: the constraints on sentences, with the factor.
    """
    if constraints.repetition_penalty == 1:
        return log_probabilities
    words = ops.where(ops.arange(words.shape[1]) < position, words, -1)
    repeated = ops.any(ids[:, :, None] == ops.cast(words, ids.dtype)[:, None, :], axis=-1)
    return ops.where(
        repeated, constraints.repetition_penalty * log_probabilities, log_probabilities
    )


def forbidden_count(constraints: Constraints, limit: int, special: Special) -> int:
    """Return the largest number of words that are forbidden or penalized at one position."""
    n = constraints.block_ngram
    return (
        len(constraints.forbidden_ids(special))
        + (constraints.minimum_length > 0)
        + (max(0, limit - n + 1) if n else 0)
        + len({phrase[-1] for phrase in constraints.phrases})
        + (limit if constraints.repetition_penalty > 1 else 0)
        + (0 if constraints.required is None else 1 + len(constraints.required.words))
    )


def append_words(
    values: Tensor, ids: Tensor, logits: Tensor, words: np.ndarray
) -> tuple[Tensor, Tensor]:
    """Append words to the candidates, with logits of −inf for words that are among them.

    Args:
        values: the logits of the candidates, (N, k).
        ids: the candidates, (N, k).
        logits: all logits, (N, V).
        words: the words to append, (A,).

    Returns:
        Logits and ids, (N, k + A).
    """
    appended = ops.cast(ops.convert_to_tensor(words), ids.dtype)
    gains = ops.take(logits, appended, axis=1)
    present = ops.any(ids[:, :, None] == appended, axis=1)
    gains = ops.where(present, -math.inf, gains)
    appended = ops.zeros_like(gains, dtype=ids.dtype) + appended
    return ops.concatenate([values, gains], axis=1), ops.concatenate([ids, appended], axis=1)


def force_words(
    logits: Tensor, position: Tensor | int, limit: int, constraints: Constraints, special: Special
) -> Tensor:
    """Return logits (N, V); at a position with a forced word, all other words are −inf.

    The words of the prefix are forced, and with `at_limit: force` the end word at the last
    position.

    Args:
        logits: tensor (N, V).
        position: the position of the next word.
        limit: the largest number of words, including the end word.
        constraints: the constraints on sentences.
        special: the special ids.
    """
    word = forced_word(position, limit, constraints, special)
    if word is None:
        return logits
    ids = ops.arange(logits.shape[-1], dtype="int32")
    return ops.where((word < 0) | (ids == word), logits, -math.inf)


def forced_word(
    position: Tensor | int, limit: int, constraints: Constraints, special: Special
) -> Tensor | None:
    """Return the forced word of a position, −1 if it has none; None if no position has one."""
    words = [*constraints.prefix, *[-1] * (limit - len(constraints.prefix))]
    if constraints.at_limit == "force":
        words[-1] = special.end
    if max(words) < 0:
        return None
    return ops.take(ops.convert_to_tensor(words, dtype="int32"), position)


def allowed_words(
    ids: Tensor,
    words: Tensor,
    position: Tensor | int,
    constraints: Constraints,
    special: Special,
) -> Tensor:
    """Return for each candidate whether the constraints allow it; forced words are allowed.

    Args:
        ids: candidates (N, k) or (1, k).
        words: the sentences so far, (N, L); only positions before `position` are read.
        position: the position of the candidates.
        constraints: the constraints on sentences.
        special: the special ids.

    Returns:
        A mask (N, k), or (1, k) for candidates (1, k) if no constraint depends on the sentence.
    """
    allowed = ops.ones_like(ids, dtype="bool")
    for forbidden in constraints.forbidden_ids(special):
        allowed &= ids != forbidden
    if constraints.minimum_length:
        allowed &= (ids != special.end) | (position >= constraints.minimum_length)
    if constraints.block_ngram:
        repeats = completes_ngram(ids, words, position, constraints.block_ngram)
        for repeatable in constraints.repeatable:
            repeats &= ids != repeatable
        allowed &= ~repeats
    for phrase in constraints.phrases:
        allowed &= ~completes_phrase(ids, words, position, phrase)
    word = forced_word(position, words.shape[1], constraints, special)
    return allowed if word is None else allowed | (ids == word)


def completes_phrase(
    ids: Tensor, words: Tensor, position: Tensor | int, phrase: tuple[int, ...]
) -> Tensor:
    """Return a mask (N, k) of candidates that complete a phrase.

    Args:
        ids: candidates (N, k) or (1, k).
        words: the sentences so far, (N, L).
        position: the position of the candidates.
        phrase: the ids of the phrase, at least one.
    """
    completes = ids == phrase[-1]
    for distance, word in enumerate(reversed(phrase[:-1]), 1):
        before = ops.take(words, ops.maximum(position - distance, 0), axis=1)
        completes &= ((before == word) & (position >= distance))[:, None]
    return completes


def completes_ngram(ids: Tensor, words: Tensor, position: Tensor | int, n: int) -> Tensor:
    """Return a mask (N, k) of candidates that complete an n-gram already in their sentence.

    Args:
        ids: candidates (N, k) or (1, k).
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
