"""The class names that a classification task can predict."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import ClassVar, Self

from lrcn_seq.config import Config
from lrcn_seq.data.similar_names import similar_names, similarity_notes
from lrcn_seq.data.sources.base import labels_of
from lrcn_seq.errors import ArgumentError, DataError, shorten_names
from lrcn_seq.files import read_json, write_text
from lrcn_seq.records import Sample
from lrcn_seq.tasks._outputs import Outputs

FEW_CLIPS = 20
"""Training clips per class below which classes are hardly learned."""
IMBALANCE = 3
"""Ratio of the largest to the smallest class above which classes are one-sided."""


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
    def split_notes(cls, splits: Mapping[str, Sequence[Sample]]) -> Iterable[str]:
        """Return sentences about classes with similar names, and splits that lack classes."""
        return class_notes(splits)

    @classmethod
    def data_advice(
        cls,
        samples: Sequence[Sample],
        config: Config,
        noun: str,  # noqa: ARG003 - the interface
    ) -> Iterable[str]:
        """Return sentences on few clips of a class, and on classes of different sizes."""
        return class_advice(samples, config)

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


def class_notes(splits: Mapping[str, Sequence[Sample]]) -> Iterator[str]:
    """Yield sentences about classes with similar names, and splits that lack classes."""
    found = {
        name: {label for sample in samples for label in labels_of(sample)}
        for name, samples in splits.items()
        if samples
    }
    classes = set().union(*found.values())
    yield from similarity_notes("Classes", similar_names(classes))
    for name, labels in found.items():
        missing = classes - labels
        if missing and len(labels) == 1:
            yield (
                f"The split {name} has a single class ({', '.join(labels)}) of {len(classes):,}; "
                "its scores say nothing about other classes."
            )
        elif missing:
            yield (
                f"The split {name} lacks {len(missing):,} of {len(classes):,} classes "
                f"({shorten_names(missing)})."
            )


def class_advice(samples: Sequence[Sample], config: Config) -> Iterator[str]:
    """Yield sentences on few clips of a class, and on classes of different sizes."""
    counts = Counter(label for sample in samples for label in labels_of(sample)).most_common()
    if len(counts) < 2:
        return
    (largest, most), (smallest, fewest) = counts[0], counts[-1]
    if fewest < FEW_CLIPS:
        yield (
            f"The class {smallest} has only {fewest} training clip{'s' if fewest > 1 else ''}. "
            f"Expect an accuracy near chance ({1 / len(counts):.0%} for {len(counts)} classes) if "
            f"classes look alike; add clips until every class has at least {FEW_CLIPS}."
        )
    if most > IMBALANCE * fewest:
        share = most / sum(count for _, count in counts)
        remedy = "compare with this accuracy, or add clips of the rare classes"
        if config.training.loss.class_weight == "none":
            remedy = f"set training.loss.class_weight=balanced, {remedy}"
        yield (
            f"The class {largest} makes up {share:.0%} of the training clips, {smallest} "
            f"{fewest / most * share:.0%}. A model that always answers {largest} has an accuracy "
            f"of about {share:.0%}; {remedy}."
        )
