"""A tokenizer with one id per character (Unicode code point)."""

from __future__ import annotations

from typing import Any

from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, trainers

from lrcn_seq.records import Positive
from lrcn_seq.registry import tokenizers
from lrcn_seq.text._huggingface import UNLIMITED, HuggingFaceTokenizer, normalization, word_level
from lrcn_seq.text.base import NAMES, Joining


@tokenizers.register
class Character(HuggingFaceTokenizer):
    """A tokenizer that splits sentences into characters; each run of white space becomes one space.

    Args:
        minimum_count: how often a character must occur to get an id of its own.
        lower: whether to convert sentences to lower case.
    """

    def __init__(self, *, minimum_count: Positive = 1, lower: bool = True):
        self.minimum_count, self.lower = minimum_count, lower

    @property
    def signature(self) -> str:
        """The signature of the tokenizer, e.g. `character:min1:lower`."""
        return f"character:min{self.minimum_count}:{'lower' if self.lower else 'cased'}"

    def arguments(self) -> dict[str, Any]:
        """Return the constructor arguments."""
        return {"minimum_count": self.minimum_count, "lower": self.lower}

    def pipeline(self) -> Tokenizer:
        """Return a word-level pipeline whose words are single characters."""
        tokenizer = Tokenizer(word_level(NAMES))
        tokenizer.normalizer = normalizers.Sequence(normalization(self.lower))
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
        tokenizer.decoder = decoders.Fuse()
        return tokenizer

    def trainer(self) -> trainers.Trainer:
        """Return a trainer that orders the characters by frequency, then alphabetically."""
        return trainers.WordLevelTrainer(
            vocab_size=UNLIMITED,
            min_frequency=self.minimum_count,
            special_tokens=NAMES,
            show_progress=False,
        )

    def joining(self) -> Joining:
        """Return the characters, which are joined without a separator."""
        return Joining(self.vocabulary())
