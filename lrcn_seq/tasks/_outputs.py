"""The interface of the outputs of a task: a vocabulary, or the names of classes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Self

from lrcn_seq.config import Config
from lrcn_seq.records import Sample


class Outputs(ABC):
    """The outputs of a task: the words of a vocabulary, or classes.

    The outputs are learned from samples when training begins, and saved in the run folder. Their
    number is the width of the last layer of the decoder.
    """

    decoder_argument: ClassVar[str]
    """The constructor argument of the decoder that sets the number of words or classes."""
    size_name: ClassVar[str]
    """The name of the number of words or classes in `derived.json` and as argument of `build`."""
    file_name: ClassVar[str]
    """The name of the file in a run folder that contains the words or classes."""

    @classmethod
    @abstractmethod
    def learn(cls, config: Config, samples: Iterable[Sample]) -> Self:
        """Learn the vocabulary or the classes from the samples of a source.

        Args:
            config: the config of the run.
            samples: the samples of all splits.

        Raises:
            DataError: the samples contain too few words or classes.
        """

    @classmethod
    def split_notes(cls, splits: Mapping[str, Sequence[Sample]]) -> Iterable[str]:  # noqa: ARG003
        """Return sentences about splits that lack some of the outputs."""
        return ()

    @classmethod
    def data_advice(
        cls,
        samples: Sequence[Sample],  # noqa: ARG003 - outputs override it
        config: Config,  # noqa: ARG003
        noun: str,  # noqa: ARG003
    ) -> Iterable[str]:
        """Return sentences on few or one-sided training data.

        Args:
            samples: the training samples.
            config: the config.
            noun: the noun for a sample.
        """
        return ()

    @classmethod
    @abstractmethod
    def load(cls, path: Path) -> Self:
        """Read the vocabulary or the classes from a file.

        Raises:
            DataError, RunError: the file is missing or damaged.
        """

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write the vocabulary or the classes to a file."""

    @property
    @abstractmethod
    def names(self) -> Sequence[str]:
        """The words or classes, in the order of the decoder's outputs."""

    @classmethod
    @abstractmethod
    def check_size(cls, size: int) -> None:
        """Raise ArgumentError unless a network can predict this number of words or classes."""
