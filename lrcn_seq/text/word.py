"""Words after the paper's rules.

Donahue et al. 2015, "Long-term Recurrent Convolutional Networks for Visual Recognition and Description",
section 5 and the released code: split on non-word characters, lower case, final full stop dropped, words seen at least 5 times.
"""

from __future__ import annotations

from typing import Any, Literal

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, trainers

from lrcn_seq.records import Positive
from lrcn_seq.registry import tokenizers
from lrcn_seq.text._huggingface import UNLIMITED, HuggingFaceTokenizer, clean, tidy, word_level
from lrcn_seq.text.base import NAMES

WORD = r"\w+(?:[\u200c\u200d]+\w+)*"  # letters with their marks, digits, underscore; Persian and Indic joiners inside
FINAL_FULL_STOP = Regex(r"[\s.]+$")


@tokenizers.register
class Word(HuggingFaceTokenizer):
    """One id for each word.

    Args:
        minimum_count: words seen less often become the unknown word.
        words: at most this many, the most frequent; all of them by default.
        punctuation: `keep` runs of other characters as words of their own, as the released code does, or `drop` them.
        lower: lower case.
    """

    def __init__(
        self,
        *,
        minimum_count: Positive = 5,
        words: Positive | None = None,
        punctuation: Literal["keep", "drop"] = "keep",
        lower: bool = True,
    ):
        self.minimum_count, self.words, self.punctuation, self.lower = (
            minimum_count,
            words,
            punctuation,
            lower,
        )

    @property
    def signature(self) -> str:
        """E.g. `word:min5:lower`, followed by what differs from the defaults."""
        parts = [f"word:min{self.minimum_count}", "lower" if self.lower else "cased"]
        parts += [f"max{self.words}"] * bool(self.words) + ["nopunct"] * (
            self.punctuation == "drop"
        )
        return ":".join(parts)

    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "minimum_count": self.minimum_count,
            "words": self.words,
            "punctuation": self.punctuation,
            "lower": self.lower,
        }

    def untrained(self) -> Tokenizer:
        """A word-level model behind the paper's splitting."""
        tokenizer = Tokenizer(word_level(NAMES))
        tokenizer.normalizer = normalizers.Sequence(
            [*clean(self.lower), normalizers.Replace(FINAL_FULL_STOP, "")]
        )
        pattern = WORD if self.punctuation == "drop" else rf"{WORD}|[^\w\s]+"
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
        return tokenizer

    def trainer(self) -> trainers.Trainer:
        """The most frequent first; equally frequent ones by the alphabet."""
        size = UNLIMITED if self.words is None else self.words + len(NAMES)
        return trainers.WordLevelTrainer(
            vocab_size=size,
            min_frequency=self.minimum_count,
            special_tokens=NAMES,
            show_progress=False,
        )

    def text_of(self, ids: list[int]) -> str:
        """Words with spaces between them; apostrophes and hyphens join two words, and commas follow without a space."""
        names = self.vocabulary()
        return tidy(" ".join(names[number] for number in ids))
