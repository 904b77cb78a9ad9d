"""The class names that a classification task can predict."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from numbers import Integral
from pathlib import Path
from typing import ClassVar, Self

from lrcn_seq.config import Config
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.files import read_json, write_text
from lrcn_seq.records import Sample
from lrcn_seq.tasks.base import Outputs


class Classes(Outputs):
    """The classes that a task can predict.

    Args:
        labels: class names in the order of the decoder's outputs.
    """

    decoder_argument: ClassVar[str] = "classes"
    size_name: ClassVar[str] = "labels"
    file_name: ClassVar[str] = "labels.json"

    def __init__(self, labels: Iterable[str]):
        self.labels = tuple(labels)

    @classmethod
    def learn(cls, config: Config, samples: Iterable[Sample]) -> Self:  # noqa: ARG003 - the interface
        """Return the distinct labels of samples and of their moments, sorted, as classes.

        Raises:
            DataError: there are fewer than two classes.
        """
        labels = {
            label
            for sample in samples
            for label in (sample.label, *(moment.label for moment in sample.moments))
            if label is not None
        }
        if len(labels) < 2:
            received = ", ".join(labels) or "no sample with a label"
            raise DataError(
                f"Expected samples of at least two classes. Received: {received}; add labeled "
                "samples to the source."
            )
        return cls(sorted(labels))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the class names from a file `labels.json`."""
        return cls(read_json(path, "a list of class names", lambda names: list(map(str, names))))

    def save(self, path: Path) -> None:
        """Write the class names to a file `labels.json`."""
        write_text(path, json.dumps(self.labels, ensure_ascii=False))

    @property
    def names(self) -> Sequence[str]:
        """The class names."""
        return self.labels

    @classmethod
    def check_size(cls, size: int) -> None:
        """Raise ArgumentError unless the number of classes is positive."""
        if not (isinstance(size, Integral) and size > 0):
            raise ArgumentError(
                f"labels: expected a number of classes above 0. Received: labels={size!r}."
            )
