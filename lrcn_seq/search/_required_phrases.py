"""Words and phrases that every sentence must contain, as a finite automaton.

A state of the automaton is the set of the phrases that a sentence contains, and the longest
end of the sentence that begins a missing phrase. Constrained beam search with such an automaton is
due to Anderson et al., "Guided Open Vocabulary Image Captioning with Constrained Beam Search",
EMNLP 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Special, Tensor

Phrase: TypeAlias = tuple[int, ...]
State: TypeAlias = tuple[frozenset[Phrase], Phrase]
"""The missing phrases, and the longest end of the sentence that begins one of them."""

PHRASES_LIMIT = 8
"""The largest number of phrases; each doubles the number of states."""


class RequiredPhrases:
    """An automaton that counts the words that a sentence still needs.

    Args:
        phrases: ids of the phrases, at least one.

    Attributes:
        words: the different words of the phrases, (A,).
        following: the state after each of these words and, in the last column, after any other
            word, (S, A + 1).
        missing: the smallest number of words that complete all phrases, (S,). Phrases may overlap.

    Raises:
        ArgumentError: there are too many phrases.
    """

    def __init__(self, phrases: Sequence[Phrase]):
        self.phrases = tuple(dict.fromkeys(phrases))
        if len(self.phrases) > PHRASES_LIMIT:
            raise ArgumentError(
                f"required: expected at most {PHRASES_LIMIT} different words and phrases. "
                f"Received: {len(self.phrases)}; join words to phrases or remove some."
            )
        alphabet = sorted({word for phrase in self.phrases for word in phrase})
        self.words = np.array(alphabet, "int32")
        states: dict[State, int] = {(frozenset(self.phrases), ()): 0}
        rows: list[list[int]] = []
        for state in (queue := list(states)):
            after = [next_state(state, word) for word in (*alphabet, None)]
            queue += [new for new in dict.fromkeys(after) if new not in states]
            for new in after:
                states.setdefault(new, len(states))
            rows.append([states[new] for new in after])
        self.following = np.array(rows, "int32")
        self.missing = distances(self.following, [not phrases for phrases, _ in states])

    def after(self, words: Sequence[int]) -> int:
        """Return the state after words, from the beginning of a sentence."""
        state, alphabet = 0, self.words.tolist()
        for word in words:
            column = alphabet.index(word) if word in alphabet else -1
            state = int(self.following[state, column])
        return state

    def advance(self, states: Tensor, ids: Tensor) -> Tensor:
        """Return the states after one more word.

        Args:
            states: states (N,) or (N, k).
            ids: words of the same shape.
        """
        matches = ids[..., None] == ops.convert_to_tensor(self.words)
        column = ops.where(
            ops.any(matches, axis=-1),
            ops.cast(ops.argmax(ops.cast(matches, "int32"), axis=-1), "int32"),
            len(self.words),
        )
        table = ops.convert_to_tensor(self.following.ravel())
        return ops.take(table, states * (len(self.words) + 1) + column)

    def missing_after(self, states: Tensor, ids: Tensor) -> Tensor:
        """Return the number of words that sentences need after each candidate, (N, k).

        Args:
            states: the states of the sentences, (N,).
            ids: the candidates, (N, k).
        """
        states = states[:, None] + ops.zeros_like(ids)
        return ops.take(ops.convert_to_tensor(self.missing), self.advance(states, ids))

    def allowed(
        self, states: Tensor, ids: Tensor, *, left: Tensor | int, special: Special
    ) -> Tensor:
        """Return for each candidate whether the sentence can still contain all phrases, (N, k).

        Args:
            states: the states of the sentences, (N,).
            ids: the candidates, (N, k).
            left: the number of words, without the end word, that can follow the candidates.
            special: the special ids.
        """
        missing = self.missing_after(states, ids)
        return (missing <= ops.maximum(left, 0)) & ((ids != special.end) | (missing == 0))


def next_state(state: State, word: int | None) -> State:
    """Return the state after a word; None for a word that no phrase contains."""
    phrases, end = state
    if word is None:
        return phrases, ()
    text = (*end, word)
    missing = frozenset(phrase for phrase in phrases if text[-len(phrase) :] != phrase)
    ends = [text[start:] for start in range(len(text))]
    begins = (end for end in ends if any(phrase[: len(end)] == end for phrase in missing))
    return missing, next(begins, ())


def distances(following: np.ndarray, complete: Sequence[bool]) -> np.ndarray:
    """Return the length of the shortest path from each state to a complete one, (S,) int32."""
    missing = np.where(complete, 0, len(following))
    while True:
        shorter = np.minimum(missing, 1 + missing[following].min(axis=1))
        if (shorter == missing).all():
            return missing.astype("int32")
        missing = shorter
