"""Byte-pair encoding over bytes, without unknown tokens.

Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units", section 3.2;
over bytes as in Radford et al. 2019, "Language Models are Unsupervised Multitask Learners",
section 2.2.
"""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Ge, Le
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from lrcn_seq.records import Positive
from lrcn_seq.registry import tokenizers
from lrcn_seq.text._huggingface import HuggingFaceTokenizer, normalization
from lrcn_seq.text.base import NAMES, Joining


@tokenizers.register
class BytePair(HuggingFaceTokenizer):
    """A tokenizer whose pieces result from merging frequent pairs, starting from the 256 bytes.

    Args:
        pieces: the maximum number of pieces, including the 256 bytes.
        minimum_count: how often a pair must occur to be merged into a piece.
        lower: whether to convert sentences to lower case.
    """

    def __init__(
        self,
        *,
        pieces: Annotated[int, Ge(256), Le(1_000_000)] = 8000,
        minimum_count: Positive = 2,
        lower: bool = True,
    ):
        self.pieces, self.minimum_count, self.lower = pieces, minimum_count, lower

    @property
    def signature(self) -> str:
        """The signature of the tokenizer, e.g. `bpe:8000:min2:lower`."""
        return f"bpe:{self.pieces}:min{self.minimum_count}:{'lower' if self.lower else 'cased'}"

    def arguments(self) -> dict[str, Any]:
        """Return the constructor arguments."""
        return {"pieces": self.pieces, "minimum_count": self.minimum_count, "lower": self.lower}

    def pipeline(self) -> Tokenizer:
        """Return a byte-level pipeline, in which a space belongs to the word after it.

        A space is also inserted before the first word, so that the pieces of a word do not depend
        on its position in the sentence.
        """
        tokenizer = Tokenizer(models.BPE())
        tokenizer.normalizer = normalizers.Sequence(normalization(self.lower))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.decoder = decoders.ByteLevel()
        return tokenizer

    def trainer(self) -> trainers.Trainer:
        """Return a trainer that starts from all 256 bytes."""
        return trainers.BpeTrainer(
            vocab_size=self.pieces + len(NAMES),
            min_frequency=self.minimum_count,
            special_tokens=NAMES,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )

    def text_of(self, ids: list[int]) -> str:
        """Return the text that ids encode, without the space inserted before the first word."""
        return super().text_of(ids).removeprefix(" ")

    def joining(self) -> Joining:
        """Return the bytes of each piece, and the rule for the space before the first word."""
        tokens = [name.translate(byte_characters()) for name in self.vocabulary()]
        return Joining(tokens, substitutions=(("^ ", ""),), latin_1=True)


def byte_characters() -> dict[int, int]:
    """Return the byte that each character of a piece stands for, both as code points.

    Printable characters of Latin-1 stand for themselves, and the characters from 256 on for the
    other bytes, in order (Radford et al. 2019, released code).
    """
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = [byte for byte in range(256) if byte not in printable]
    return {256 + place: byte for place, byte in enumerate(others)}
