"""The contract of a tokenizer, and its file `tokenizer.json`."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from operator import index
from pathlib import Path
from typing import Any

from lrcn_seq.errors import ArgumentError, DataError, LrcnError
from lrcn_seq.records import SPECIAL
from lrcn_seq.registry import tokenizers

NAMES = ["<pad>", "<start>", "<end>", "<unk>"]
"""How ids 0 to 3 are listed."""


class Tokenizer(ABC):
    """Sentences to ids and back. Ids 0 to 3 are pad, start, end and unknown in every tokenizer.

    The constructor takes plain values and reads nothing; what `fit` learned travels as `payload`.
    A part defines `ids_of` and `text_of`; `encode` and `decode` check what is given to them.
    """

    special = SPECIAL

    @abstractmethod
    def fit(self, sentences: Iterable[str]) -> Tokenizer:
        """Learns the vocabulary from sentences; returns self.

        Raises:
            DataError: the sentences leave no vocabulary.
        """

    @abstractmethod
    def ids_of(self, sentences: list[str]) -> list[list[int]]:
        """The ids of each sentence, all of them valid unicode."""

    @abstractmethod
    def text_of(self, ids: list[int]) -> str:
        """The text of ids among which is neither pad, start nor end."""

    @abstractmethod
    def vocabulary(self) -> list[str]:
        """What each id stands for, in the order of ids; V entries, the special ones included."""

    @property
    @abstractmethod
    def signature(self) -> str:
        """One line that says how sentences become ids, e.g. `word:min5:lower`."""

    @abstractmethod
    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments, plain values."""

    @abstractmethod
    def payload(self) -> Any:
        """What `fit` learned, as JSON values."""

    @abstractmethod
    def restore(self, payload: Any) -> Tokenizer:
        """Takes back what `payload` gave; returns self.

        Raises:
            DataError: the payload is not one of this tokenizer.
        """

    @property
    def vocabulary_size(self) -> int:
        """V, the special ids included."""
        return len(self.vocabulary())

    def encode(self, sentence: str) -> list[int]:
        """The ids of a sentence, without start and end; empty where it has no words."""
        return self.encode_all([sentence])[0]

    def encode_all(self, sentences: Iterable[str]) -> list[list[int]]:
        """The ids of many sentences, far faster than one by one."""
        return self.ids_of([checked(sentence) for sentence in sentences])

    def decode(self, ids: Sequence[int]) -> str:
        """The sentence of ids; stops at the first end, leaves out pad and start."""
        size, kept = self.vocabulary_size, []
        for number in map(index, ids):
            if not 0 <= number < size:
                raise ArgumentError(
                    f"expected ids from 0 to {size - 1}. Received: {number}; is this the tokenizer that the ids were made with?"
                )
            if number == self.special.end:
                break
            if number not in (self.special.pad, self.special.start):
                kept.append(number)
        return self.text_of(kept)

    def unknown_rate(self, sentences: Iterable[str]) -> float:
        """The share of all ids of these sentences that is the unknown word, 0 to 1; 0 where there are no words."""
        ids = [number for sentence in self.encode_all(sentences) for number in sentence]
        return ids.count(self.special.unknown) / len(ids) if ids else 0.0


def checked(sentence: str) -> str:
    """The sentence, with � for each half of a surrogate pair, which no tokenizer can read."""
    if not isinstance(sentence, str):
        raise ArgumentError(
            f"expected a sentence as text. Received: sentence={sentence!r}; a missing caption must be left out before."
        )
    try:
        sentence.encode()
    except UnicodeEncodeError:
        return sentence.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return sentence


def save(tokenizer: Tokenizer, path: str | Path) -> None:
    """Writes `{type, args, payload}` as JSON; the file is replaced in one move."""
    name = type(tokenizer).__module__.rpartition(".")[2]
    envelope = {"type": name, "args": tokenizer.arguments(), "payload": tokenizer.payload()}
    path = Path(path)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_text(json.dumps(envelope, ensure_ascii=False), encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load(path: str | Path) -> Tokenizer:
    """The tokenizer that `save` wrote.

    Raises:
        DataError: the file is missing or not a tokenizer.
    """
    try:
        envelope = json.loads(Path(path).read_text(encoding="utf-8"))
        return tokenizers.build({"type": envelope["type"], **envelope["args"]}).restore(
            envelope["payload"]
        )
    except FileNotFoundError:
        raise DataError(
            f"{path}: expected the tokenizer of a run; there is no such file."
        ) from None
    except (ValueError, KeyError, TypeError, OSError, LrcnError) as error:
        raise DataError(
            f"{path}: expected a tokenizer file with type, args and payload. Received: {type(error).__name__}: {error}."
        ) from error
