"""The contract of a source."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator

from lrcn_seq.records import Sample


class Source(ABC):
    """A random-access sequence of samples; every sample says which split it belongs to."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __getitem__(self, position: int) -> Sample: ...

    def __iter__(self) -> Iterator[Sample]:
        return (self[position] for position in range(len(self)))

    def split(self, name: str) -> list[int]:
        """Positions of the samples of one split: train, dev or test."""
        return [position for position, sample in enumerate(self) if sample.split == name]


def split_of(group: str, dev: float, test: float, seed: int = 0) -> str:
    """The split of a group by its hash: rows added later move nobody, and a group never parts."""
    draw = int.from_bytes(hashlib.sha256(f"{seed}/{group}".encode()).digest()[:8], "big") / 2**64
    return "test" if draw < test else "dev" if draw < test + dev else "train"
