"""The interface of a source, and the split and validation functions that sources share."""

from __future__ import annotations

import hashlib
from abc import ABC
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import ClassVar, overload

from lrcn_seq.csv_table import MISSING
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.records import Sample

SPLITS = ("train", "dev", "test")


class Source(ABC, Sequence[Sample]):
    """A random-access sequence of samples, each assigned to a split.

    The constructor takes plain values, reads the files that list the samples (not the media) and
    sets `samples`.

    Attributes:
        samples: The samples of all splits.
        notes: Sentences about problems that do not prevent use, such as missing images.

    Raises:
        DataError: By the constructor, if the files are unusable.
    """

    paths: ClassVar[tuple[str, ...]] = ()
    """Names of constructor arguments, and of keys in their mappings, that are paths of files or
    folders. `lrcn evaluate` finds them from any working folder."""
    samples: Sequence[Sample]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.samples)

    @overload
    def __getitem__(self, position: int) -> Sample: ...

    @overload
    def __getitem__(self, position: slice) -> Sequence[Sample]: ...

    def __getitem__(self, position: int | slice) -> Sample | Sequence[Sample]:
        return self.samples[position]

    def split(self, name: str) -> list[int]:
        """Return the positions of the samples of a split: train, dev or test."""
        return [position for position, sample in enumerate(self) if sample.split == name]

    @staticmethod
    def is_correct_caption(caption: str, references: Iterable[str]) -> bool | None:  # noqa: ARG004
        """Return whether a caption states all facts of the references of its sample.

        Only built-in sources can decide; the others return None.
        """
        return None


def split_by_hash(group: str, dev: float, test: float, seed: int = 0) -> str:
    """Return the split of a group, determined by a hash of its name and the seed.

    Adding groups never changes the split of the existing ones, and changing `dev` leaves the test
    split unchanged.

    Args:
        group: The name of the group.
        dev: The expected fraction of groups in dev.
        test: The expected fraction of groups in test.
        seed: The seed; another seed gives another partition.

    Returns:
        `train`, `dev` or `test`.
    """
    fraction = hash_fraction(group, seed)
    return "test" if fraction < test else "dev" if fraction < test + dev else "train"


def splits_by_hash(groups: Iterable[str], dev: float, test: float, seed: int = 0) -> dict[str, str]:
    """Return the split of each group as `split_by_hash` does, but no split of few groups is empty.

    If no group is in test or in dev, one of a split with several groups is moved there: the
    training group with the smallest hash, or else any other group.

    Args:
        groups: The names of the groups.
        dev: The expected fraction of groups in dev.
        test: The expected fraction of groups in test.
        seed: The seed.
    """
    splits = {group: split_by_hash(group, dev, test, seed) for group in groups}
    for split, share in (("test", test), ("dev", dev)):
        sizes = Counter(splits.values())
        donors = [group for group, assigned in splits.items() if sizes[assigned] > 1]
        if share > 0 and not sizes[split] and donors:
            chosen = min(donors, key=lambda g: (splits[g] != "train", hash_fraction(g, seed)))
            splits[chosen] = split
    return splits


def hash_fraction(name: str, seed: int) -> float:
    """Return a number in [0, 1) derived from the SHA-256 hash of a seed and a name."""
    digest = hashlib.sha256(f"{seed}/{name}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def validate_samples(samples: Iterable[Sample], place: str) -> list[Sample]:
    """Return the samples as a list after checking the requirements of every source.

    Args:
        samples: The samples of a source.
        place: The file or argument that messages name.

    Raises:
        DataError: If there are no samples, an ID is repeated, a caption is empty, or a group spans
            two splits.
    """
    valid = list(samples)
    if not valid:
        raise DataError(
            f"{place}: expected at least one sample. Received: none; check the source's arguments."
        )
    repeated = [name for name, count in Counter(s.id for s in valid).items() if count > 1]
    if repeated:
        raise DataError(
            f"{place}: expected every ID once. Received: {repeated[0]!r} more than once"
            f"{_count_note(repeated)}; remove the duplicates."
        )
    empty = [(s.id, caption) for s in valid for caption in s.captions if _is_empty(caption)]
    if empty:
        name, caption = empty[0]
        received = (
            f"the caption {caption!r}" if caption.strip() in MISSING - {""} else "an empty caption"
        )
        raise DataError(
            f"{place}: expected text in every caption. Received: {received} of {name!r}"
            f"{_count_note(empty)}; remove it or add its text."
        )
    _check_groups(valid, place)
    return valid


def labels_of(sample: Sample) -> tuple[str, ...]:
    """Return the classes of a sample and of its labeled intervals, without duplicates."""
    labels = (sample.label, *(moment.label for moment in sample.moments))
    return tuple(dict.fromkeys(label for label in labels if label))


def check_shares(dev: float, test: float) -> None:
    """Raise ArgumentError unless the shares of dev and test leave samples for training."""
    if dev + test >= 1:
        raise ArgumentError(
            "dev and test: expected shares that leave some for training. "
            f"Received: dev={dev}, test={test}; choose a sum below 1."
        )


def _check_groups(samples: Iterable[Sample], place: str) -> None:
    """Raise DataError if a group spans two splits."""
    splits: dict[str, str] = {}
    for sample in samples:
        split = splits.setdefault(sample.group, sample.split)
        if split != sample.split:
            raise DataError(
                f"{place}: expected all samples of a group in one split. Received: group "
                f"{sample.group!r} in {split} and {sample.split}; assign it to one of them."
            )


def _is_empty(caption: str) -> bool:
    """Return whether a caption has no visible character, or is a mark such as `NaN`."""
    visible = any(character.isprintable() and character != " " for character in caption)
    return not visible or caption.strip() in MISSING


def _count_note(names: Sequence[object]) -> str:
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""
