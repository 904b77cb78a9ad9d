"""Tokenizers of KerasHub, with ids renumbered to follow the special ids 0 to 3.

KerasHub and Keras are imported on first use of a tokenizer, not with this module.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from lrcn_seq.errors import ArgumentError, DataError, did_you_mean, translate_errors
from lrcn_seq.records import NotNegative
from lrcn_seq.registry import tokenizers
from lrcn_seq.text.base import NAMES, Tokenizer, validate_sentence

UNKNOWN_TOKENS = ("[UNK]", "<unk>", "<|unk|>")
BATCH = 1024

HubTokenizer = Any
"""An instance of `keras_hub.tokenizers.Tokenizer`; KerasHub has no type annotations."""


@tokenizers.register
class KerasHub(Tokenizer):
    """A KerasHub tokenizer with the special ids of this library.

    A saved tokenizer contains its vocabulary, so that it can be loaded without the preset or the
    files.

    Args:
        name: a class of `keras_hub.tokenizers`, e.g. `WordPieceTokenizer`, built from the files
            below. Either `name` or `preset` is required.
        preset: the name or folder of a preset, e.g. `gpt2_base_en`.
        vocabulary: vocabulary file: text for WordPiece, JSON for byte-pair encoding.
        merges: merges file of byte-pair encoding.
        proto: model file of SentencePiece.
        lowercase: passed to the KerasHub class if not None.
        minimum_count: how often a piece must occur in the sentences of `fit` to be kept in the
            vocabulary; 0 keeps all pieces.
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
                f"expected either name or preset. Received: name={name!r}, preset={preset!r}; "
                "give for example name: WordPieceTokenizer with vocabulary: FILE."
            )
        self.name, self.preset, self.minimum_count = name, preset, minimum_count
        self.files = {"vocabulary": vocabulary, "merges": merges, "proto": proto}
        self.lowercase = lowercase
        self._tokenizer: HubTokenizer = None
        self._hub_ids: list[int] = []
        self._ids: dict[int, int] = {}

    @property
    def signature(self) -> str:
        """The signature of the tokenizer, e.g. `keras_hub:WordPieceTokenizer:min1`."""
        return f"keras_hub:{self.name or self.preset}:min{self.minimum_count}"

    def arguments(self) -> dict[str, Any]:
        """Return the constructor arguments."""
        return {
            "name": self.name,
            "preset": self.preset,
            **self.files,
            "lowercase": self.lowercase,
            "minimum_count": self.minimum_count,
        }

    def fit(self, sentences: Iterable[str]) -> Self:
        """Keep the pieces that occur in the sentences and return the tokenizer itself."""
        tokenizer = self._build()
        valid = [validate_sentence(sentence) for sentence in sentences]
        counts = Counter(chain.from_iterable(_encode(tokenizer, valid)))
        special = {*_unknown_ids(tokenizer), *tokenizer.special_token_ids}
        size = tokenizer.vocabulary_size()
        hub_ids = range(size) if size and not self.minimum_count else sorted(counts)
        kept = [
            hub_id
            for hub_id in hub_ids
            if hub_id not in special and counts[hub_id] >= self.minimum_count
        ]
        if not kept or not counts:
            raise DataError(
                f"expected sentences with words to learn from ({self.signature}). Received: "
                "no piece that is frequent enough; give more sentences or a lower minimum_count."
            )
        return self._set(tokenizer, kept)

    def ids_of(self, sentences: list[str]) -> list[list[int]]:
        """Return the ids of each sentence."""
        unknown = self.special.unknown
        return [
            [self._ids.get(hub_id, unknown) for hub_id in hub_ids]
            for hub_ids in _encode(self._fitted(), sentences)
        ]

    def text_of(self, ids: list[int]) -> str:
        """Return the text that KerasHub decodes, with `<unk>` in place of each unknown token."""
        tokenizer = self._fitted()
        runs = groupby(ids, key=lambda token: token == self.special.unknown)
        texts = (
            " ".join(NAMES[3] for _ in run)
            if unknown
            else _decode(tokenizer, [self._hub_ids[token - len(NAMES)] for token in run])
            for unknown, run in runs
        )
        return " ".join(text for text in map(str.strip, texts) if text)

    def vocabulary(self) -> list[str]:
        """Return the four special tokens followed by the pieces."""
        tokenizer = self._fitted()
        # The Unicode code point tokenizer has neither a vocabulary size nor token names.
        name = tokenizer.id_to_token if tokenizer.vocabulary_size() else chr
        return [*NAMES, *(str(name(hub_id)) for hub_id in self._hub_ids)]

    @property
    def vocabulary_size(self) -> int:
        """The number V of tokens, including the special tokens."""
        self._fitted()
        return len(NAMES) + len(self._hub_ids)

    def payload(self) -> dict[str, Any]:
        """Return the KerasHub class, its configuration, its files (Base64) and the kept ids."""
        tokenizer = self._fitted()
        with TemporaryDirectory() as folder:
            if tokenizer.file_assets:
                tokenizer.save_assets(folder)
            files = {
                file.name: base64.b64encode(file.read_bytes()).decode()
                for file in sorted(Path(folder).iterdir())
            }
        return {
            "class": type(tokenizer).__name__,
            "config": json.loads(json.dumps(tokenizer.get_config())),
            "files": files,
            "ids": self._hub_ids,
        }

    def restore(self, payload: dict[str, Any]) -> Self:
        """Restore the state that `payload` returned, without reading a preset or other files."""
        with translate_errors(
            lambda reason: DataError(
                "expected the payload of a fitted KerasHub tokenizer. "
                f"Received: {reason}; restore the tokenizer.json that `save` wrote."
            )
        ):
            tokenizer = _class_named(payload["class"]).from_config(payload["config"])
            with TemporaryDirectory() as folder:
                for file, content in payload["files"].items():
                    (Path(folder) / Path(file).name).write_bytes(base64.b64decode(content))
                if tokenizer.file_assets:
                    tokenizer.load_assets(folder)
            return self._set(tokenizer, [int(hub_id) for hub_id in payload["ids"]])

    def _build(self) -> HubTokenizer:
        """Return the KerasHub tokenizer specified by the constructor arguments."""
        files = {name: file for name, file in self.files.items() if file is not None}
        for name, file in files.items():
            if not Path(file).is_file():
                raise DataError(
                    f"expected a {name} file for a KerasHub tokenizer; there is no such file. "
                    f"Received: {name}={file!r}; correct the path."
                )
        options = files if self.lowercase is None else {**files, "lowercase": self.lowercase}
        with translate_errors(
            lambda reason: DataError(
                f"expected a KerasHub tokenizer from {self.name or self.preset} with {options}. "
                f"Received: {reason}; change these arguments."
            )
        ):
            tokenizer = (
                _class_named(self.name)(**options)
                if self.name
                else _class_named("Tokenizer").from_preset(self.preset, **options)
            )
            tokenizer.vocabulary_size()  # raises an error if the vocabulary is missing
        return tokenizer

    def _set(self, tokenizer: HubTokenizer, hub_ids: list[int]) -> Self:
        self._tokenizer, self._hub_ids = tokenizer, hub_ids
        self._ids = {hub_id: token for token, hub_id in enumerate(hub_ids, start=len(NAMES))}
        return self

    def _fitted(self) -> HubTokenizer:
        if self._tokenizer is None:
            raise ArgumentError(
                "expected a fitted KerasHub tokenizer. Received: a tokenizer without a "
                "vocabulary; call fit first, or load a saved tokenizer."
            )
        return self._tokenizer


def _class_named(name: str) -> Any:
    """Return the KerasHub tokenizer class with the given name.

    Raises:
        ArgumentError: If `keras_hub.tokenizers` has no such class.
    """
    import keras_hub

    base = keras_hub.tokenizers.Tokenizer
    classes = {
        known: value
        for known, value in vars(keras_hub.tokenizers).items()
        if isinstance(value, type) and issubclass(value, base)
    }
    if name not in classes:
        raise ArgumentError(
            f"expected a class of keras_hub.tokenizers. Received: name={name!r}."
            f"{did_you_mean(name, classes)} Known: {', '.join(sorted(classes))}."
        )
    return classes[name]


def _unknown_ids(tokenizer: HubTokenizer) -> set[int]:
    """Return the ids of a KerasHub tokenizer that represent unknown words."""
    if not tokenizer.file_assets:
        return set()  # tokenizers of bytes and of code points have no vocabulary
    names = {getattr(tokenizer, "oov_token", None), *UNKNOWN_TOKENS}
    return {tokenizer.token_to_id(name) for name in tokenizer.get_vocabulary() if name in names}


def _encode(tokenizer: HubTokenizer, sentences: list[str]) -> Iterator[list[int]]:
    """Yield the KerasHub ids of each sentence."""
    for start in range(0, len(sentences), BATCH):
        batch = [sentence.strip() for sentence in sentences[start : start + BATCH]]
        for hub_ids in tokenizer(batch):
            yield [int(hub_id) for hub_id in hub_ids]


def _decode(tokenizer: HubTokenizer, hub_ids: list[int]) -> str:
    """Return the text of KerasHub ids."""
    text = tokenizer.detokenize(hub_ids)
    text = text.numpy() if hasattr(text, "numpy") else text
    return text.decode(errors="replace") if isinstance(text, bytes) else str(text)
