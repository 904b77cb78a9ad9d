"""The interface of a tokenizer, and its file `tokenizer.json`."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from operator import index
from pathlib import Path
from typing import Any, NamedTuple, Self

from lrcn_seq.errors import (
    ArgumentError,
    DataError,
    LrcnError,
    error_reason,
    translate_errors,
)
from lrcn_seq.files import read_file, write_text
from lrcn_seq.records import SPECIAL
from lrcn_seq.registry import tokenizers

NAMES = ["<pad>", "<start>", "<end>", "<unk>"]
"""The tokens of ids 0 to 3 in a vocabulary."""


class Joining(NamedTuple):
    """How IDs become a text, for programs without this library.

    The tokens of the IDs are joined with the separator. Then every match of a regular expression
    of Python is replaced, one expression after the other.

    Attributes:
        tokens: the V tokens in the order of their IDs.
        separator: the text between two tokens.
        substitutions: regular expressions, and what replaces their matches.
        latin_1: whether the tokens are bytes, written as characters of Latin-1, and the text is
            their UTF-8.
    """

    tokens: list[str]
    separator: str = ""
    substitutions: tuple[tuple[str, str], ...] = ()
    latin_1: bool = False


class Tokenizer(ABC):
    """A tokenizer that converts sentences to ids and back. Ids 0 to 3 are pad, start, end, unknown.

    The constructor takes plain values and does not read files. `payload` returns everything that
    `fit` learned. Subclasses implement `ids_of` and `text_of`, which are called by `encode` and
    `decode` with valid arguments.
    """

    special = SPECIAL

    @abstractmethod
    def fit(self, sentences: Iterable[str]) -> Self:
        """Learn the vocabulary from sentences.

        Args:
            sentences: the training captions.

        Returns:
            The tokenizer itself.

        Raises:
            DataError: If the vocabulary would be empty.
        """

    @abstractmethod
    def ids_of(self, sentences: list[str]) -> list[list[int]]:
        """Return the ids of each sentence; the sentences are valid Unicode."""

    @abstractmethod
    def text_of(self, ids: list[int]) -> str:
        """Return the text that ids encode; the ids contain no pad, start or end."""

    @abstractmethod
    def vocabulary(self) -> list[str]:
        """Return the V tokens in the order of their ids, including the special tokens."""

    @property
    @abstractmethod
    def signature(self) -> str:
        """One line that identifies the tokenization, e.g. `word:min5:lower`."""

    @abstractmethod
    def arguments(self) -> dict[str, Any]:
        """Return the constructor arguments as plain values."""

    @abstractmethod
    def payload(self) -> Any:
        """Return everything that `fit` learned, as JSON values."""

    @abstractmethod
    def restore(self, payload: Any) -> Self:
        """Restore the state returned by `payload`.

        Args:
            payload: JSON values.

        Returns:
            The tokenizer itself.

        Raises:
            DataError: If the payload is damaged or belongs to another type of tokenizer.
        """

    @property
    def vocabulary_size(self) -> int:
        """The number V of tokens, including the special tokens."""
        return len(self.vocabulary())

    def joining(self) -> Joining | None:
        """Return how IDs become a text; None, the default, if only `decode` can tell."""
        return None

    def encode(self, sentence: str) -> list[int]:
        """Return the ids of a sentence, without start and end; [] if it has no words."""
        return self.encode_all([sentence])[0]

    def encode_all(self, sentences: Iterable[str]) -> list[list[int]]:
        """Return the ids of each sentence; much faster than `encode` in a loop."""
        return self.ids_of([validate_sentence(sentence) for sentence in sentences])

    def decode(self, ids: Sequence[int]) -> str:
        """Return the sentence encoded by the ids before the first end; skip pad and start.

        Args:
            ids: integers or a one-dimensional NumPy array.

        Raises:
            ArgumentError: If an id is not in the vocabulary.
        """
        size, kept = self.vocabulary_size, []
        for token in map(index, ids):
            if not 0 <= token < size:
                raise ArgumentError(
                    f"expected ids from 0 to {size - 1}. Received: {token}; "
                    "decode with the tokenizer that encoded the ids."
                )
            if token == self.special.end:
                break
            if token not in (self.special.pad, self.special.start):
                kept.append(token)
        return self.text_of(kept)


def validate_sentence(sentence: str) -> str:
    """Return a sentence as valid Unicode, with unpaired surrogates replaced by �.

    Raises:
        ArgumentError: If the sentence is not a string.
    """
    if not isinstance(sentence, str):
        raise ArgumentError(
            f"expected a sentence as text. Received: sentence={sentence!r}; "
            "remove missing captions first."
        )
    try:
        sentence.encode()
    except UnicodeEncodeError:
        return sentence.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return sentence


def save(tokenizer: Tokenizer, path: str | Path) -> None:
    """Write a tokenizer as JSON with type, args and payload; replace the file atomically.

    Args:
        tokenizer: a fitted tokenizer.
        path: the file, by convention `tokenizer.json`.
    """
    envelope = {
        "type": tokenizers.name_of(type(tokenizer)),
        "args": tokenizer.arguments(),
        "payload": tokenizer.payload(),
    }
    write_text(path, json.dumps(envelope, ensure_ascii=False))


def load(path: str | Path) -> Tokenizer:
    """Return the fitted tokenizer written by `save`.

    Args:
        path: the file `tokenizer.json` of a run.

    Raises:
        DataError: If the file is missing or is not a tokenizer file.
    """

    def invalid(reason: str) -> DataError:
        return DataError(
            f"{path}: expected a tokenizer file with type, args and payload. Received: {reason}."
        )

    with translate_errors(invalid):
        try:
            envelope = json.loads(read_file(path))
            tokenizer: Tokenizer = tokenizers.build({"type": envelope["type"], **envelope["args"]})
            return tokenizer.restore(envelope["payload"])
        except FileNotFoundError:
            raise DataError(
                f"{path}: expected the tokenizer of a run; there is no such file."
            ) from None
        except LrcnError as error:
            raise invalid(error_reason(error)) from error
