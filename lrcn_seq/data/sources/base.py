"""The contract of a source."""

from __future__ import annotations

import hashlib
from abc import ABC
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.records import Sample

SPLITS = ("train", "dev", "test")


class Source(ABC, Sequence[Sample]):
    """A random-access sequence of samples; every sample says which split it belongs to.

    A constructor takes plain values, reads what lists the samples (not the media), and leaves `samples`;
    `notes` says in sentences what was found wrong but does not prevent use (an image left out, say).

    Raises:
        DataError: in the constructor, when what was read is unusable.
    """

    samples: Sequence[Sample]
    notes: tuple[str, ...] = ()
    exactly_right: ClassVar[Callable[[str, Iterable[str]], bool] | None] = None
    """Whether a sentence says all that the references (all of one sample) say, where that can be known: of built-in data."""

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, position: Any) -> Any:
        return self.samples[position]

    def split(self, name: str) -> list[int]:
        """Positions of the samples of one split: train, dev or test."""
        return [position for position, sample in enumerate(self) if sample.split == name]


def split_of(group: str, dev: float, test: float, seed: int = 0) -> str:
    """The split of a group by its hash: rows added later move nobody, and a group never parts."""
    draw = drawn(group, seed)
    return "test" if draw < test else "dev" if draw < test + dev else "train"


def drawn(name: str, seed: int) -> float:
    """A number in [0, 1) that a name and a seed decide."""
    return (
        int.from_bytes(
            hashlib.sha256(f"{seed}/{name}".encode("utf-8", "surrogateescape")).digest()[:8], "big"
        )
        / 2**64
    )


def checked(samples: Iterable[Sample], place: str) -> list[Sample]:
    """The samples, once what must hold for any source holds.

    Raises:
        DataError: no sample, an id twice, an empty sentence, or a group in two splits.
    """
    found = list(samples)
    if not found:
        raise DataError(f"{place}: expected at least one sample. Received: none.")
    doubled = [name for name, times in Counter(sample.id for sample in found).items() if times > 1]
    if doubled:
        raise DataError(
            f"{place}: expected every id once. Received: {doubled[0]!r} twice{_and_more(doubled)}."
        )
    empty = [
        sample.id for sample in found if any(not sentence.strip() for sentence in sample.captions)
    ]
    if empty:
        raise DataError(
            f"{place}: expected a sentence in every caption. Received: an empty caption of {empty[0]!r}{_and_more(empty)}."
        )
    home: dict[str, str] = {}
    for sample in found:
        if home.setdefault(sample.group, sample.split) != sample.split:
            raise DataError(
                f"{place}: expected all samples of a group in one split. Received: group {sample.group!r} in {home[sample.group]} and {sample.split}."
            )
    return found


def check_shares(dev: float, test: float) -> None:
    """Raises ArgumentError unless something is left for training."""
    if dev + test >= 1:
        raise ArgumentError(
            f"dev and test: expected shares that leave some for training. Received: dev={dev}, test={test}."
        )


def _and_more(names: Sequence[str]) -> str:
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""
