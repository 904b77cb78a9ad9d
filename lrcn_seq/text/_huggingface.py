"""Base class of tokenizers that use the library `tokenizers` of Hugging Face."""

from __future__ import annotations

import json
import re
import unicodedata
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, Self

from tokenizers import Regex, Tokenizer, models, normalizers, trainers

from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.text import base
from lrcn_seq.text.base import NAMES, validate_sentence

UNLIMITED = 2**31
INVISIBLE = Regex(r"[\u00ad\u200b\ufeff]")  # soft hyphen, zero-width space, byte-order mark


class HuggingFaceTokenizer(base.Tokenizer):
    """Base class of tokenizers that the library `tokenizers` trains and writes as JSON."""

    _tokenizer: Tokenizer | None = None
    _names: list[str]

    @abstractmethod
    def pipeline(self) -> Tokenizer:
        """Return an untrained pipeline: normalizer, pre-tokenizer, model and decoder."""

    @abstractmethod
    def trainer(self) -> trainers.Trainer:
        """Return the trainer, with `NAMES` as its special tokens."""

    def fit(self, sentences: Iterable[str]) -> Self:
        """Learn the vocabulary from sentences and return the tokenizer itself."""
        sentences = [validate_sentence(sentence) for sentence in sentences]
        tokenizer = self.train(sentences)
        if tokenizer.get_vocab_size() <= len(NAMES) or not any(map(str.strip, sentences)):
            raise DataError(
                f"expected sentences with words to learn from ({self.signature}). Received: "
                "no word that is frequent enough; give more sentences or a lower minimum_count."
            )
        return self.restore(json.loads(tokenizer.to_str()))

    def train(self, sentences: list[str]) -> Tokenizer:
        """Return a trained pipeline; equal sentences give equal pipelines."""
        tokenizer = self.pipeline()
        tokenizer.train_from_iterator(sentences, self.trainer())
        return tokenizer

    def ids_of(self, sentences: list[str]) -> list[list[int]]:
        """Return the ids of each sentence."""
        encodings = self._fitted().encode_batch_fast(sentences, add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def text_of(self, ids: list[int]) -> str:
        """Return the text that token ids encode."""
        text: str = self._fitted().decode(ids, skip_special_tokens=False)
        return text

    def vocabulary(self) -> list[str]:
        """Return the V tokens in the order of their ids."""
        self._fitted()
        return list(self._names)

    @property
    def vocabulary_size(self) -> int:
        """The number V of tokens, including the special tokens."""
        self._fitted()
        return len(self._names)

    def payload(self) -> Any:
        """Return the JSON of the Hugging Face tokenizer."""
        return json.loads(self._fitted().to_str())

    def restore(self, payload: Any) -> Self:
        """Restore the state that `payload` returned; see `Tokenizer.restore`."""
        try:
            # The library searches the text for `added_tokens`, so that "<end>" in a caption would
            # become id 2. If the list is empty, the four names are ordinary vocabulary entries.
            tokenizer = Tokenizer.from_str(json.dumps({**payload, "added_tokens": []}))
        except Exception as error:  # the library raises plain Exception
            raise DataError(
                f"expected the payload of a fitted {type(self).__name__}. Received: {error}; "
                "restore the tokenizer.json that `save` wrote."
            ) from error
        entries = sorted(tokenizer.get_vocab().items(), key=lambda entry: entry[1])
        names = [name for name, _ in entries]
        if names[: len(NAMES)] != NAMES or tokenizer.token_to_id(names[-1]) != len(names) - 1:
            raise DataError(
                f"expected a vocabulary without gaps that begins with {', '.join(NAMES)}. "
                f"Received: {names[:4]} and {len(names)} entries; "
                "restore the tokenizer.json that `save` wrote."
            )
        self._tokenizer, self._names = tokenizer, names
        return self

    def _fitted(self) -> Tokenizer:
        if self._tokenizer is None:
            raise ArgumentError(
                f"expected a fitted {type(self).__name__}. Received: a tokenizer without a "
                "vocabulary; call fit first, or load a saved tokenizer."
            )
        return self._tokenizer


def normalization(lower: bool) -> list[normalizers.Normalizer]:
    """Return normalizers that compose letters (NFC), convert to lower case if `lower` is True,
    remove invisible characters and collapse white space."""
    spaces = [
        normalizers.Replace(INVISIBLE, ""),
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Strip(),
    ]
    return [normalizers.NFC(), *([normalizers.Lowercase()] if lower else []), *spaces]


def word_level(names: list[str]) -> models.WordLevel:
    """Return a model that maps each pre-token to one id."""
    return models.WordLevel({name: token for token, name in enumerate(names)}, unk_token=NAMES[3])


def detokenize(text: str) -> str:
    """Attach apostrophes and hyphens to their words, and punctuation marks to the preceding word.

    A mark is attached if it stands between two words, or after the last word. Separate marks in a
    row are not attached, because `, ,` would become ",,", which is a single word.
    """
    joined = re.sub(r"(?<=\w) (['’-]) (?=\w)", r"\1", text)
    return re.sub(r"(\S) ([,;:!?.]+)(?= \w|$)", _attach_mark, joined)


def _attach_mark(match: re.Match[str]) -> str:
    """Return the match, without the space before the punctuation mark if it follows a word."""
    last, mark = match.groups()
    is_word = last == "_" or unicodedata.category(last)[0] in "LMN"
    return f"{last}{mark}" if is_word else match[0]


def attachments(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the rules of `detokenize` as substitutions; see `Joining`.

    Python has no class for combining marks. Therefore the rules name those of the vocabulary.

    Args:
        names: the vocabulary.
    """
    marks = {c for name in names for c in name if unicodedata.category(c).startswith("M")}
    word = rf"[\w{''.join(sorted(marks))}]"
    return (
        (r"(?<=\w) (['’-]) (?=\w)", r"\1"),
        (rf"(?<={word}) ([,;:!?.]+)(?= \w|$)", r"\1"),
    )
