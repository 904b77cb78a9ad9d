"""What the tokenizers that stand on Hugging Face's `tokenizers` share."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from tokenizers import Regex, Tokenizer, models, normalizers, trainers

from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.text import base
from lrcn_seq.text.base import NAMES, checked

UNLIMITED = 2**31
INVISIBLE = Regex(r"[\u00ad\u200b\ufeff]")  # soft hyphen, zero-width space, byte-order mark


def clean(lower: bool) -> list[normalizers.Normalizer]:
    """One form for each letter (NFC), no invisible characters, single spaces, lower case where asked for."""
    spaces = [
        normalizers.Replace(INVISIBLE, ""),
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Strip(),
    ]
    return [normalizers.NFC(), *([normalizers.Lowercase()] if lower else []), *spaces]


class HuggingFaceTokenizer(base.Tokenizer):
    """Learns with a trainer, keeps the library's own JSON as payload."""

    _tokenizer: Tokenizer | None = None
    _names: list[str]

    @abstractmethod
    def untrained(self) -> Tokenizer:
        """Normalizer, pre-tokenizer, model and decoder."""

    @abstractmethod
    def trainer(self) -> trainers.Trainer:
        """The trainer, with `NAMES` as its special tokens."""

    def fit(self, sentences: Iterable[str]) -> HuggingFaceTokenizer:
        """Learns the vocabulary from sentences; returns self."""
        sentences = [checked(sentence) for sentence in sentences]
        tokenizer = self.trained(sentences)
        if tokenizer.get_vocab_size() <= len(NAMES) or not any(map(str.strip, sentences)):
            raise DataError(
                f"expected sentences with words to learn from ({self.signature}). Received: no word that is frequent enough; give more sentences or a lower minimum_count."
            )
        return self.restore(json.loads(tokenizer.to_str()))

    def trained(self, sentences: list[str]) -> Tokenizer:
        """A tokenizer that has learned from sentences; the same from the same ones."""
        tokenizer = self.untrained()
        tokenizer.train_from_iterator(sentences, self.trainer())
        return tokenizer

    def ids_of(self, sentences: list[str]) -> list[list[int]]:
        """The ids of each sentence."""
        return [
            encoding.ids
            for encoding in self._fitted().encode_batch_fast(sentences, add_special_tokens=False)
        ]

    def text_of(self, ids: list[int]) -> str:
        """The text of ids."""
        return self._fitted().decode(ids, skip_special_tokens=False)

    def vocabulary(self) -> list[str]:
        """What each id stands for."""
        self._fitted()
        return list(self._names)

    @property
    def vocabulary_size(self) -> int:
        """V, the special ids included."""
        self._fitted()
        return len(self._names)

    def payload(self) -> Any:
        """The library's own JSON."""
        return json.loads(self._fitted().to_str())

    def restore(self, payload: Any) -> HuggingFaceTokenizer:
        """Takes back what `payload` gave; returns self."""
        try:
            # a caption that contains the text <end> must not end there: our four names are entries of the vocabulary, but not looked for in text
            tokenizer = Tokenizer.from_str(json.dumps({**payload, "added_tokens": []}))
        except Exception as error:  # the library raises plain Exception
            raise DataError(
                f"expected what a {type(self).__name__} learned. Received: {error}."
            ) from error
        names = [
            name for name, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
        ]
        if names[: len(NAMES)] != NAMES or tokenizer.token_to_id(names[-1]) != len(names) - 1:
            raise DataError(
                f"expected a vocabulary without gaps that begins with {', '.join(NAMES)}. Received: {names[:4]} and {len(names)} entries."
            )
        self._tokenizer, self._names = tokenizer, names
        return self

    def _fitted(self) -> Tokenizer:
        if self._tokenizer is None:
            raise ArgumentError(
                f"expected a {type(self).__name__} that has learned its vocabulary. Received: a new one; call fit, or load one."
            )
        return self._tokenizer


def word_level(names: list[str]) -> models.WordLevel:
    """A model that looks whole pieces up."""
    return models.WordLevel({name: number for number, name in enumerate(names)}, unk_token=NAMES[3])


def tidy(text: str) -> str:
    """Undoes the splitting where that is safe, so that `encode` gives the same words again: apostrophes and hyphens join, commas and stops follow."""
    return re.sub(r" ([,;:!?.]+)(?= \w|$)", r"\1", re.sub(r"(?<=\w) (['’-]) (?=\w)", r"\1", text))
