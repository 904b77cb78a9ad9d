"""WordPiece: words in the longest known pieces, from the left.

Wu et al. 2016, "Google's Neural Machine Translation System", section 4.1; longest match first as in Devlin et al. 2019 (BERT).
"""

from __future__ import annotations

from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from lrcn_seq.records import Positive
from lrcn_seq.registry import tokenizers
from lrcn_seq.text._huggingface import HuggingFaceTokenizer, clean, tidy
from lrcn_seq.text.base import NAMES


@tokenizers.register
class WordPiece(HuggingFaceTokenizer):
    """Pieces of words, `##` before those that go on; a word with a character never seen is unknown as a whole.

    Args:
        pieces: how many to learn at most; never fewer than there are characters.
        minimum_count: pairs seen less often are not joined.
        lower: lower case.
    """

    def __init__(self, *, pieces: Positive = 8000, minimum_count: Positive = 2, lower: bool = True):
        self.pieces, self.minimum_count, self.lower = pieces, minimum_count, lower

    @property
    def signature(self) -> str:
        """E.g. `wordpiece:8000:min2:lower`."""
        return (
            f"wordpiece:{self.pieces}:min{self.minimum_count}:{'lower' if self.lower else 'cased'}"
        )

    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"pieces": self.pieces, "minimum_count": self.minimum_count, "lower": self.lower}

    def untrained(self) -> Tokenizer:
        """Every punctuation mark is a word."""
        tokenizer = Tokenizer(models.WordPiece(unk_token=NAMES[3]))
        tokenizer.normalizer = normalizers.Sequence(clean(self.lower))
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece(cleanup=False)
        return tokenizer

    def trainer(self) -> trainers.Trainer:
        """Joins the most frequent pairs, as byte-pair encoding does."""
        return self._trainer(self.pieces + len(NAMES), NAMES)

    def trained(self, sentences: list[str]) -> Tokenizer:
        """Learns with `##` letters in a fixed order: the library's own order is another one each time, and decides between equal pairs."""
        tokenizer = self.untrained()
        tokenizer.train_from_iterator(sentences, self._trainer(0, NAMES))
        letters = sorted(
            piece for piece in tokenizer.get_vocab() if len(piece) == 3 and piece.startswith("##")
        )
        tokenizer.train_from_iterator(
            sentences, self._trainer(self.pieces + len(NAMES), [*NAMES, *letters])
        )
        return tokenizer

    def _trainer(self, size: int, special: list[str]) -> trainers.Trainer:
        return trainers.WordPieceTrainer(
            vocab_size=size,
            min_frequency=self.minimum_count,
            special_tokens=special,
            show_progress=False,
        )

    def text_of(self, ids: list[int]) -> str:
        """Pieces joined to words, words with spaces between them."""
        return tidy(super().text_of(ids))
