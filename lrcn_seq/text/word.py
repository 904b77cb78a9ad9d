"""A tokenizer with one id per word, as in the LRCN paper.

As in Donahue et al. 2015, "Long-term Recurrent Convolutional Networks for Visual Recognition and
Description", section 5, and the released code, sentences are split at non-word characters and
converted to lower case, the final period is removed, and words with at least 5 occurrences are
kept.
"""

from __future__ import annotations

from typing import Any, Literal

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, trainers

from lrcn_seq.records import Positive, VocabularySize
from lrcn_seq.registry import tokenizers
from lrcn_seq.text._huggingface import (
    UNLIMITED,
    HuggingFaceTokenizer,
    attachments,
    detokenize,
    normalization,
    word_level,
)
from lrcn_seq.text.base import NAMES, Joining

# A word consists of letters, marks, digits and underscores. Between these, it may contain
# zero-width joiners and non-joiners, as in Persian and Indic scripts.
WORD = r"\w+(?:[\u200c\u200d]+\w+)*"
FINAL_FULL_STOP = Regex(r"[\s.]+$")


@tokenizers.register
class Word(HuggingFaceTokenizer):
    """A tokenizer with one id per word.

    Args:
        minimum_count: how often a word must occur to get an id of its own.
        words: the number of most frequent words that are kept; None for all words.
        punctuation: `keep` makes each run of punctuation a word, as in the released code; `drop`
            removes punctuation.
        lower: whether to convert sentences to lower case.
    """

    def __init__(
        self,
        *,
        minimum_count: Positive = 5,
        words: VocabularySize | None = None,
        punctuation: Literal["keep", "drop"] = "keep",
        lower: bool = True,
    ):
        self.minimum_count, self.words = minimum_count, words
        self.punctuation, self.lower = punctuation, lower

    @property
    def signature(self) -> str:
        """The signature: type, minimum count, case, and a part for each non-default option.

        The signature of the default options is `word:min5:lower`. A limit of 1000 words adds
        `max1000`, and `punctuation: drop` adds `nopunct`.
        """
        parts = [f"word:min{self.minimum_count}", "lower" if self.lower else "cased"]
        if self.words:
            parts.append(f"max{self.words}")
        if self.punctuation == "drop":
            parts.append("nopunct")
        return ":".join(parts)

    def arguments(self) -> dict[str, Any]:
        """Return the constructor arguments."""
        return {
            "minimum_count": self.minimum_count,
            "words": self.words,
            "punctuation": self.punctuation,
            "lower": self.lower,
        }

    def pipeline(self) -> Tokenizer:
        """Return a word-level pipeline that splits sentences as in the paper."""
        tokenizer = Tokenizer(word_level(NAMES))
        tokenizer.normalizer = normalizers.Sequence(
            [*normalization(self.lower), normalizers.Replace(FINAL_FULL_STOP, "")]
        )
        pattern = WORD if self.punctuation == "drop" else rf"{WORD}|[^\w\s]+"
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
        return tokenizer

    def trainer(self) -> trainers.Trainer:
        """Return a trainer that orders the vocabulary by frequency, then alphabetically."""
        size = UNLIMITED if self.words is None else self.words + len(NAMES)
        return trainers.WordLevelTrainer(
            vocab_size=size,
            min_frequency=self.minimum_count,
            special_tokens=NAMES,
            show_progress=False,
        )

    def text_of(self, ids: list[int]) -> str:
        """Return the words of ids, joined with spaces; punctuation is attached to its word."""
        names = self.vocabulary()
        return detokenize(" ".join(names[token] for token in ids))

    def joining(self) -> Joining:
        """Return the rules of `text_of`."""
        names = self.vocabulary()
        return Joining(names, " ", attachments(names))
