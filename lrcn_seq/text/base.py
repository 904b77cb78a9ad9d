"""The contract of a tokenizer, and its file `tokenizer.json`."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lrcn_seq.errors import DataError
from lrcn_seq.records import SPECIAL
from lrcn_seq.registry import tokenizers


class Tokenizer(ABC):
    """Sentences to ids and back. Ids 0 to 3 are pad, start, end and unknown in every tokenizer.

    The constructor takes plain values; what `fit` learned travels as `payload`.
    """

    special = SPECIAL

    @abstractmethod
    def fit(self, sentences: Iterable[str]) -> Tokenizer:
        """Learns the vocabulary from sentences; returns self."""

    @abstractmethod
    def encode(self, sentence: str) -> list[int]:
        """The ids of a sentence, without start and end."""

    @abstractmethod
    def decode(self, ids: Sequence[int]) -> str:
        """The sentence of ids; stops at the first end, leaves out pad and start."""

    @property
    @abstractmethod
    def vocabulary_size(self) -> int:
        """V, the special ids included."""

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
        """Takes back what `payload` gave; returns self."""


def save(tokenizer: Tokenizer, path: str | Path) -> None:
    """Writes `{type, args, payload}` as JSON."""
    name = type(tokenizer).__module__.rpartition(".")[2]
    envelope = {"type": name, "args": tokenizer.arguments(), "payload": tokenizer.payload()}
    Path(path).write_text(json.dumps(envelope, ensure_ascii=False), encoding="utf-8")


def load(path: str | Path) -> Tokenizer:
    """The tokenizer that `save` wrote.

    Raises:
        DataError: the file is missing or not a tokenizer.
    """
    try:
        envelope = json.loads(Path(path).read_text(encoding="utf-8"))
        return tokenizers.build({"type": envelope["type"], **envelope["args"]}).restore(envelope["payload"])
    except FileNotFoundError:
        raise DataError(f"{path}: expected the tokenizer of a run; there is no such file.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: expected a tokenizer file with type, args and payload. Received: {type(error).__name__}: {error}.") from error
