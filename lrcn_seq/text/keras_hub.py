"""Any tokenizer of KerasHub, its ids renumbered: 0 to 3 are ours, the pieces follow.

KerasHub, and with it Keras, is imported when the first sentence is read, not before.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable
from itertools import chain, groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lrcn_seq.errors import ArgumentError, DataError, did_you_mean
from lrcn_seq.records import NotNegative
from lrcn_seq.registry import tokenizers
from lrcn_seq.text.base import NAMES, Tokenizer, checked

THEIR_UNKNOWN = ("[UNK]", "<unk>", "<|unk|>")
BATCH = 1024


@tokenizers.register
class KerasHub(Tokenizer):
    """A KerasHub tokenizer behind our ids. A saved one is complete in itself: it needs neither the preset nor the files again.

    Args:
        name: a class of `keras_hub.tokenizers`, e.g. `WordPieceTokenizer`, made from the files below.
        preset: or a preset by name or folder, e.g. `gpt2_base_en`.
        vocabulary: vocabulary file (WordPiece: text; byte pairs: JSON). merges: the merges of byte pairs. proto: a SentencePiece model.
        lowercase: passed on where given.
        minimum_count: pieces that occur less often in the sentences of `fit` become the unknown word, which keeps V small; 0 keeps all pieces.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        preset: str | None = None,
        vocabulary: str | None = None,
        merges: str | None = None,
        proto: str | None = None,
        lowercase: bool | None = None,
        minimum_count: NotNegative = 1,
    ):
        if (name is None) == (preset is None):
            raise ArgumentError(
                f"expected either name or preset. Received: name={name!r}, preset={preset!r}; e.g. name: WordPieceTokenizer with vocabulary: FILE."
            )
        self.name, self.preset, self.minimum_count = name, preset, minimum_count
        self.options = {
            "vocabulary": vocabulary,
            "merges": merges,
            "proto": proto,
            "lowercase": lowercase,
        }
        self._theirs, self._ids, self._ours = None, [], {}

    @property
    def signature(self) -> str:
        """E.g. `keras_hub:WordPieceTokenizer:min1`."""
        return f"keras_hub:{self.name or self.preset}:min{self.minimum_count}"

    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "name": self.name,
            "preset": self.preset,
            **self.options,
            "minimum_count": self.minimum_count,
        }

    def fit(self, sentences: Iterable[str]) -> KerasHub:
        """Opens the tokenizer and keeps the pieces that occur."""
        theirs = self._open()
        counts = Counter(
            chain.from_iterable(_tokenized(theirs, [checked(sentence) for sentence in sentences]))
        )
        special = {*_unknown_ids(theirs), *theirs.special_token_ids}
        size = theirs.vocabulary_size()
        known = range(size) if size and not self.minimum_count else sorted(counts)
        ids = [
            number
            for number in known
            if number not in special and counts[number] >= self.minimum_count
        ]
        if not ids or not counts:
            raise DataError(
                f"expected sentences with words to learn from ({self.signature}). Received: no piece that is frequent enough; give more sentences or a lower minimum_count."
            )
        return self._take(theirs, ids)

    def ids_of(self, sentences: list[str]) -> list[list[int]]:
        """The ids of each sentence."""
        unknown = self.special.unknown
        return [
            [self._ours.get(number, unknown) for number in row]
            for row in _tokenized(self._opened(), sentences)
        ]

    def text_of(self, ids: list[int]) -> str:
        """What KerasHub makes of the pieces; `<unk>` between them."""
        theirs = self._opened()
        runs = groupby(ids, key=lambda number: number == self.special.unknown)
        texts = (
            " ".join(NAMES[3] for _ in run)
            if unknown
            else _joined(theirs, [self._ids[number - 4] for number in run])
            for unknown, run in runs
        )
        return " ".join(text for text in map(str.strip, texts) if text)

    def vocabulary(self) -> list[str]:
        """Our four names, then their pieces."""
        theirs = self._opened()
        name = (
            theirs.id_to_token if theirs.vocabulary_size() else chr
        )  # Unicode code points have no size, and no names then
        return [*NAMES, *(str(name(number)) for number in self._ids)]

    @property
    def vocabulary_size(self) -> int:
        """V, the special ids included."""
        self._opened()
        return len(NAMES) + len(self._ids)

    def payload(self) -> dict[str, Any]:
        """Class, configuration, files (base64) and the ids kept."""
        theirs = self._opened()
        with TemporaryDirectory() as folder:
            if theirs.file_assets:
                theirs.save_assets(folder)
            files = {
                file.name: base64.b64encode(file.read_bytes()).decode()
                for file in sorted(Path(folder).iterdir())
            }
        return {
            "class": type(theirs).__name__,
            "config": json.loads(json.dumps(theirs.get_config())),
            "files": files,
            "ids": self._ids,
        }

    def restore(self, payload: dict[str, Any]) -> KerasHub:
        """Takes back what `payload` gave; opens neither preset nor files."""
        try:
            theirs = _class_of(payload["class"]).from_config(payload["config"])
            with TemporaryDirectory() as folder:
                for file, content in payload["files"].items():
                    (Path(folder) / Path(file).name).write_bytes(base64.b64decode(content))
                if theirs.file_assets:
                    theirs.load_assets(folder)
            return self._take(theirs, [int(number) for number in payload["ids"]])
        except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
            raise DataError(
                f"expected what a KerasHub tokenizer had learned. Received: {type(error).__name__}: {error}."
            ) from error

    def _open(self):
        options = {name: value for name, value in self.options.items() if value is not None}
        for name in ("vocabulary", "merges", "proto"):
            if name in options and not Path(options[name]).is_file():
                raise DataError(
                    f"expected the file {options[name]} for a KerasHub tokenizer; there is no such file. Received: {name}={options[name]!r}."
                )
        try:
            theirs = (
                _class_of(self.name)(**options)
                if self.name
                else _class_of("Tokenizer").from_preset(self.preset, **options)
            )
            theirs.vocabulary_size()  # fails where the vocabulary is missing
        except (TypeError, ValueError, AttributeError, OSError) as error:
            if isinstance(error, ArgumentError):
                raise
            raise DataError(
                f"expected a KerasHub tokenizer from {self.name or self.preset} with {options}. Received: {' '.join(str(error).split())[:200]}."
            ) from error
        return theirs

    def _take(self, theirs, ids: list[int]) -> KerasHub:
        self._theirs, self._ids = theirs, ids
        self._ours = {number: position for position, number in enumerate(ids, start=len(NAMES))}
        return self

    def _opened(self):
        if self._theirs is None:
            raise ArgumentError(
                "expected a KerasHub tokenizer that has seen its sentences. Received: a new one; call fit, or load one."
            )
        return self._theirs


def _class_of(name: str) -> type:
    import keras_hub

    kinds = {
        kind
        for kind in dir(keras_hub.tokenizers)
        if isinstance(getattr(keras_hub.tokenizers, kind), type)
    }
    kinds = {
        kind
        for kind in kinds
        if issubclass(getattr(keras_hub.tokenizers, kind), keras_hub.tokenizers.Tokenizer)
    }
    if name not in kinds:
        raise ArgumentError(
            f"expected a class of keras_hub.tokenizers. Received: name={name!r}.{did_you_mean(name, kinds)} Known: {', '.join(sorted(kinds))}."
        )
    return getattr(keras_hub.tokenizers, name)


def _unknown_ids(theirs) -> set[int]:
    """The ids that mean an unknown word in a KerasHub tokenizer."""
    if not theirs.file_assets:
        return set()  # bytes and code points have no vocabulary
    names = {getattr(theirs, "oov_token", None), *THEIR_UNKNOWN}
    return {theirs.token_to_id(name) for name in theirs.get_vocabulary() if name in names}


def _tokenized(theirs, sentences: list[str]) -> Iterable[list[int]]:
    for start in range(0, len(sentences), BATCH):
        yield from (
            [int(number) for number in row]
            for row in theirs([sentence.strip() for sentence in sentences[start : start + BATCH]])
        )


def _joined(theirs, ids: list[int]) -> str:
    text = theirs.detokenize(ids)
    text = text.numpy() if hasattr(text, "numpy") else text
    return text.decode(errors="replace") if isinstance(text, bytes) else str(text)
