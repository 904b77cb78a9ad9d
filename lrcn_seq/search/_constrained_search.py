"""The base class of searches with constraints, some of which are texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import SPECIAL
from lrcn_seq.search._constraints import Constraints
from lrcn_seq.search._required_phrases import RequiredPhrases
from lrcn_seq.search.base import Search


class Texts(NamedTuple):
    """The constraints that a user writes as texts.

    Attributes:
        prefix: the beginning of every sentence.
        forbidden: words and phrases that may not occur.
        forbidden_endings: words and phrases after which a sentence may not end.
        repeatable: words that `block_ngram` ignores as the last word of an n-gram.
        required: words and phrases that every sentence must contain.
    """

    prefix: str = ""
    forbidden: Sequence[str] = ()
    forbidden_endings: Sequence[str] = ()
    repeatable: Sequence[str] = ()
    required: Sequence[str] = ()


class ConstrainedSearch(Search):
    """A search whose sentences satisfy constraints.

    Args:
        constraints: the constraints that need no vocabulary.
        texts: the other constraints. If there are any, `encode_texts` must be called before the
            search.
    """

    def __init__(self, constraints: Constraints, texts: Texts):
        self._constraints, self.texts = constraints, texts
        self._encoded = not any(texts)

    def encode_texts(self, encode: Callable[[str], Sequence[int]]) -> None:
        """Convert the texts among the arguments to ids; see `Search`."""
        texts = self.texts
        forbidden = phrases(encode, texts.forbidden, "forbidden")
        endings = phrases(encode, texts.forbidden_endings, "forbidden_endings")
        repeatable = phrases(encode, texts.repeatable, "repeatable")
        phrases(encode, texts.required, "required")
        required = [known_ids(encode, text, "required") for text in texts.required]
        self._constraints = self._constraints._replace(
            prefix=known_ids(encode, texts.prefix, "prefix"),
            phrases=(*forbidden, *((*phrase, SPECIAL.end) for phrase in endings)),
            repeatable=tuple({word for phrase in repeatable for word in phrase}),
            required=RequiredPhrases(required) if required else None,
        )
        for text, phrase in zip(texts.required, required, strict=True):
            check_required(text, phrase, self._constraints)
        self._encoded = True

    @property
    def constraints(self) -> Constraints:
        """The constraints, with ids in place of texts.

        Raises:
            ArgumentError: the search has texts that were not encoded.
        """
        if not self._encoded:
            raise ArgumentError(
                "expected a call of `encode_texts` before the search, since its arguments contain "
                f"texts. Received: {self.texts}."
            )
        return self._constraints


def phrases(
    encode: Callable[[str], Sequence[int]], texts: Sequence[str], name: str
) -> tuple[tuple[int, ...], ...]:
    """Return the ids of texts, except texts with a word that is not in the vocabulary.

    Raises:
        ArgumentError: a text has no words.
    """
    encoded = [tuple(encode(text)) for text in texts]
    if () in encoded:
        raise ArgumentError(
            f"{name}: expected texts of at least one word. Received: "
            f"{texts[encoded.index(())]!r}; remove it."
        )
    return tuple(phrase for phrase in encoded if SPECIAL.unknown not in phrase)


def known_ids(encode: Callable[[str], Sequence[int]], text: str, name: str) -> tuple[int, ...]:
    """Return the ids of a text.

    Args:
        encode: returns the ids of a text.
        text: the text.
        name: the argument that contains the text.

    Raises:
        ArgumentError: a word of the text is not in the vocabulary.
    """
    ids = tuple(encode(text))
    if SPECIAL.unknown in ids:
        raise ArgumentError(
            f"{name}: expected words of the vocabulary, which contains words of training captions. "
            f"Received: {text!r}, whose word {ids.index(SPECIAL.unknown) + 1} is not among them."
        )
    return ids


def check_required(text: str, phrase: tuple[int, ...], constraints: Constraints) -> None:
    """Raise ArgumentError if other constraints forbid a required phrase.

    Args:
        text: the phrase as the user wrote it.
        phrase: the ids of the phrase.
        constraints: the other constraints.
    """
    if any(parts(phrase, len(forbidden)).count(forbidden) for forbidden in constraints.phrases):
        raise ArgumentError(
            "required: expected phrases without a forbidden word or phrase. Received: "
            f"{text!r}; remove it from `required`, or its words from `forbidden`."
        )
    n = constraints.block_ngram
    blocked = [part for part in parts(phrase, n) if part[-1] not in constraints.repeatable]
    if len(set(blocked)) < len(blocked):
        raise ArgumentError(
            f"required: expected phrases that repeat no {n} successive words, because of "
            f"block_ngram={n}. Received: {text!r}; increase `block_ngram`, or add the repeated "
            "words to `repeatable`."
        )


def parts(phrase: tuple[int, ...], n: int) -> list[tuple[int, ...]]:
    """Return the sequences of n successive words of a phrase; none for n = 0."""
    return [phrase[i : i + n] for i in range(len(phrase) - n + 1)] if n else []
