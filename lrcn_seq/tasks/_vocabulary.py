"""The vocabulary of a task that writes captions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from numbers import Integral
from pathlib import Path
from typing import ClassVar, Self

from lrcn_seq import text
from lrcn_seq.config import Config
from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import SPECIAL, Sample
from lrcn_seq.registry import tokenizers
from lrcn_seq.tasks._outputs import Outputs

FEW_SAMPLES = 1_000
"""Training images or videos below which captions are often wrong."""
COMMON_CAPTION = 0.2
"""Share of the most frequent training caption above which the captions are one-sided."""


class Vocabulary(Outputs):
    """The words that a task can predict, with their tokenizer.

    Args:
        tokenizer: a tokenizer fitted to the training captions.
    """

    decoder_argument: ClassVar[str] = "vocabulary_size"
    size_name: ClassVar[str] = "words"
    file_name: ClassVar[str] = "tokenizer.json"

    def __init__(self, tokenizer: text.Tokenizer):
        self.tokenizer = tokenizer

    @classmethod
    def learn(cls, config: Config, samples: Iterable[Sample]) -> Self:
        """Fit the tokenizer of a config to the training captions only."""
        tokenizer = tokenizers.build(config.tokenizer, place="tokenizer")
        captions = (
            caption for sample in samples if sample.split == "train" for caption in sample.captions
        )
        return cls(tokenizer.fit(captions))

    @classmethod
    def data_advice(
        cls,
        samples: Sequence[Sample],
        config: Config,  # noqa: ARG003 - the interface
        noun: str,
    ) -> Iterable[str]:
        """Return sentences on few or one-sided captions."""
        return caption_advice(samples, noun)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the tokenizer from a file `tokenizer.json`."""
        return cls(text.load(path))

    def save(self, path: Path) -> None:
        """Write the tokenizer to a file `tokenizer.json`."""
        text.save(self.tokenizer, path)

    @property
    def names(self) -> Sequence[str]:
        """The words in the order of their IDs, including the special words."""
        return self.tokenizer.vocabulary()

    @classmethod
    def check_size(cls, size: int) -> None:
        """Raise ArgumentError unless the vocabulary size exceeds the number of special words."""
        if not (isinstance(size, Integral) and size > len(SPECIAL)):
            raise ArgumentError(
                f"words: expected a vocabulary size above {len(SPECIAL)}, the number of special "
                f"words. Received: words={size!r}."
            )


def caption_advice(samples: Sequence[Sample], noun: str) -> Iterator[str]:
    """Yield sentences on few images or videos, and on one caption of most of them."""
    captions = Counter(caption.strip().lower() for one in samples for caption in one.captions)
    if not captions:
        return
    if len(samples) < FEW_SAMPLES:
        yield (
            f"Training has only {len(samples):,} {noun}s with "
            f"{captions.total():,} captions. Expect captions that repeat phrases of training and "
            "are often wrong for new files; more training files help most, and a second and third "
            "caption of each file helps too."
        )
    (caption, count), *_ = captions.most_common(1)
    if len(samples) > 1 and count > COMMON_CAPTION * captions.total():
        yield (
            f"The caption {caption!r} makes up {count / captions.total():.0%} of the training "
            "captions. Expect it for most files; write captions that tell the files apart."
        )
