"""Byte-pair encoding over bytes: no word is ever unknown.

Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units", section 3.2;
over bytes as in Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.2.
"""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Ge
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from lrcn_seq.records import Positive
from lrcn_seq.registry import tokenizers
from lrcn_seq.text._huggingface import HuggingFaceTokenizer, clean
from lrcn_seq.text.base import NAMES


@tokenizers.register
class BytePair(HuggingFaceTokenizer):
    """Frequent pairs of pieces become one piece, beginning with the 256 bytes.

    Args:
        pieces: how many to learn at most, the 256 bytes included.
        minimum_count: pairs seen less often are not joined.
        lower: lower case.
    """

    def __init__(
        self,
        *,
        pieces: Annotated[int, Ge(256)] = 8000,
        minimum_count: Positive = 2,
        lower: bool = True,
    ):
        self.pieces, self.minimum_count, self.lower = pieces, minimum_count, lower

    @property
    def signature(self) -> str:
        """E.g. `bpe:8000:min2:lower`."""
        return f"bpe:{self.pieces}:min{self.minimum_count}:{'lower' if self.lower else 'cased'}"

    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"pieces": self.pieces, "minimum_count": self.minimum_count, "lower": self.lower}

    def untrained(self) -> Tokenizer:
        """Bytes as letters; the space before a word belongs to it, also at the beginning."""
        tokenizer = Tokenizer(models.BPE())
        tokenizer.normalizer = normalizers.Sequence(clean(self.lower))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.decoder = decoders.ByteLevel()
        return tokenizer

    def trainer(self) -> trainers.Trainer:
        """Begins with all bytes."""
        return trainers.BpeTrainer(
            vocab_size=self.pieces + len(NAMES),
            min_frequency=self.minimum_count,
            special_tokens=NAMES,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )

    def text_of(self, ids: list[int]) -> str:
        """The text, without the space that was put before it."""
        return super().text_of(ids).removeprefix(" ")
