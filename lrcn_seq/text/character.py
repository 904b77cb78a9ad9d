"""One id for each character (Unicode code point)."""

from __future__ import annotations

from typing import Any

from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, trainers

from lrcn_seq.records import Positive
from lrcn_seq.registry import tokenizers
from lrcn_seq.text._huggingface import UNLIMITED, HuggingFaceTokenizer, clean, word_level
from lrcn_seq.text.base import NAMES


@tokenizers.register
class Character(HuggingFaceTokenizer):
    """Characters, the space among them; runs of spaces count as one.

    Args:
        minimum_count: characters seen less often become the unknown word.
        lower: lower case.
    """

    def __init__(self, *, minimum_count: Positive = 1, lower: bool = True):
        self.minimum_count, self.lower = minimum_count, lower

    @property
    def signature(self) -> str:
        """E.g. `character:min1:lower`."""
        return f"character:min{self.minimum_count}:{'lower' if self.lower else 'cased'}"

    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"minimum_count": self.minimum_count, "lower": self.lower}

    def untrained(self) -> Tokenizer:
        """A word-level model whose words are single characters."""
        tokenizer = Tokenizer(word_level(NAMES))
        tokenizer.normalizer = normalizers.Sequence(clean(self.lower))
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
        tokenizer.decoder = decoders.Fuse()
        return tokenizer

    def trainer(self) -> trainers.Trainer:
        """The most frequent first; equally frequent ones by the alphabet."""
        return trainers.WordLevelTrainer(
            vocab_size=UNLIMITED,
            min_frequency=self.minimum_count,
            special_tokens=NAMES,
            show_progress=False,
        )
