"""WordPiece: each word is split into the longest matching pieces, from left to right.

Wu et al. 2016, "Google's Neural Machine Translation System", section 4.1, with the longest match
first as in Devlin et al. 2019 (BERT).
"""

from __future__ import annotations

from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from lrcn_seq.records import Positive, VocabularySize
from lrcn_seq.registry import tokenizers
from lrcn_seq.text._huggingface import (
    HuggingFaceTokenizer,
    attachments,
    detokenize,
    normalization,
)
from lrcn_seq.text.base import NAMES, Joining


@tokenizers.register
class WordPiece(HuggingFaceTokenizer):
    """A tokenizer that splits words into pieces; all but the first of a word begin with `##`.

    A word that contains a character absent from the training captions is unknown as a whole.

    Args:
        pieces: the maximum number of pieces, except that all characters are kept.
        minimum_count: how often a pair must occur to be merged into a piece.
        lower: whether to convert sentences to lower case.
    """

    def __init__(
        self, *, pieces: VocabularySize = 8000, minimum_count: Positive = 2, lower: bool = True
    ):
        self.pieces, self.minimum_count, self.lower = pieces, minimum_count, lower

    @property
    def signature(self) -> str:
        """The signature of the tokenizer, e.g. `wordpiece:8000:min2:lower`."""
        case = "lower" if self.lower else "cased"
        return f"wordpiece:{self.pieces}:min{self.minimum_count}:{case}"

    def arguments(self) -> dict[str, Any]:
        """Return the constructor arguments."""
        return {"pieces": self.pieces, "minimum_count": self.minimum_count, "lower": self.lower}

    def pipeline(self) -> Tokenizer:
        """Return a pipeline that splits words like BERT; each punctuation mark is a word."""
        tokenizer = Tokenizer(models.WordPiece(unk_token=NAMES[3]))
        tokenizer.normalizer = normalizers.Sequence(normalization(self.lower))
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece(cleanup=False)
        return tokenizer

    def trainer(self) -> trainers.Trainer:
        """Return a trainer that merges the most frequent pairs, as in byte-pair encoding."""
        return self._trainer(self.pieces + len(NAMES), NAMES)

    def train(self, sentences: list[str]) -> Tokenizer:
        """Return a trained pipeline; equal sentences give equal pipelines.

        The library orders the letters with the prefix `##` by a randomly seeded hash, and this
        order breaks ties between pairs of equal frequency. Therefore a first training collects the
        letters, and a second training receives them in sorted order.
        """
        tokenizer = self.pipeline()
        tokenizer.train_from_iterator(sentences, self._trainer(0, NAMES))
        letters = sorted(
            piece for piece in tokenizer.get_vocab() if len(piece) == 3 and piece.startswith("##")
        )
        trainer = self._trainer(self.pieces + len(NAMES), [*NAMES, *letters])
        tokenizer.train_from_iterator(sentences, trainer)
        return tokenizer

    def _trainer(self, size: int, special: list[str]) -> trainers.Trainer:
        return trainers.WordPieceTrainer(
            vocab_size=size,
            min_frequency=self.minimum_count,
            special_tokens=special,
            show_progress=False,
        )

    def text_of(self, ids: list[int]) -> str:
        """Return the words of ids, joined with spaces; punctuation is attached to its word."""
        return detokenize(super().text_of(ids))

    def joining(self) -> Joining:
        """Return the rules of `text_of`."""
        names = self.vocabulary()
        return Joining(names, " ", ((" ##", ""), *attachments(names)))
