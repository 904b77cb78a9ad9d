"""Stratified splits: groups are assigned so that all splits have the same class proportions."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable

from lrcn_seq.data.sources.base import hash_fraction

Counts = dict[str, Counter[str]]
"""The number of samples of each label in each group."""


def assign_stratified(
    samples: Iterable[tuple[str, str]], *, dev: float, test: float, seed: int
) -> dict[str, str]:
    """Assign each group to a split, so that all splits have the same proportions of classes.

    Dev and test each receive their share of the samples, to within half a group, and at least one
    group. Either may receive up to twice its share if it thereby contains all classes. The last
    group of a class stays in train.

    Groups are considered in the order of their hashes. Therefore, new groups change the split of
    few others, and `dev` does not change the test split.

    Args:
        samples: The (group, label) pair of every sample.
        dev: The share of dev.
        test: The share of test.
        seed: The seed of the hash.

    Returns:
        The split of each group.
    """
    groups = count_labels(samples)
    train = {group: groups[group] for group in sorted(groups, key=lambda g: hash_fraction(g, seed))}
    splits = dict.fromkeys(groups, "train")
    for split, share in (("test", test), ("dev", dev)):
        for group in Selection(train, split_quotas(groups, share)).select():
            splits[group] = split
            del train[group]
    return splits


def count_labels(samples: Iterable[tuple[str, str]]) -> Counts:
    """Return the number of samples of each label in each group."""
    groups: Counts = {}
    for group, label in samples:
        groups.setdefault(group, Counter())[label] += 1
    return groups


def split_quotas(groups: Counts, share: float) -> dict[str, float]:
    """Return the number of samples of each label that a split should have.

    Each label with several groups gets at least the size of its smallest group, unless this more
    than doubles the split.
    """
    sizes: dict[str, list[int]] = {}
    for counts in groups.values():
        for label, count in counts.items():
            sizes.setdefault(label, []).append(count)
    quotas = {label: share * sum(counts) for label, counts in sizes.items()}
    smallest = {label: min(counts) for label, counts in sizes.items() if len(counts) > 1}
    covering = {label: max(quota, smallest.get(label, 0)) for label, quota in quotas.items()}
    return covering if sum(covering.values()) <= 2 * sum(quotas.values()) else quotas


class Selection:
    """A selection of groups that move from train to another split.

    Args:
        train: The groups of train, in order.
        quotas: The number of samples of each label that the split should have.
    """

    def __init__(self, train: Counts, quotas: dict[str, float]):
        self.train, self.quotas = train, quotas
        self.selected: dict[str, None] = {}
        self.taken: Counter[str] = Counter()
        self.groups_left = Counter(label for counts in train.values() for label in counts)

    def select(self) -> list[str]:
        """Return groups that fit the quotas, then groups that exceed the quotas least."""
        for group, counts in self.train.items():
            if all(self.taken[label] + n <= self.quotas[label] for label, n in counts.items()):
                self._take(group)
        rest = (group for group in self.train if group not in self.selected)
        queue = [(self._excess(group), rank, group) for rank, group in enumerate(rest)]
        heapq.heapify(queue)
        while queue and self._lacks(1):
            before, rank, group = heapq.heappop(queue)
            if (excess := self._excess(group)) > before:  # groups taken since raised it
                heapq.heappush(queue, (excess, rank, group))
            elif self._lacks(self.train[group].total()):
                self._take(group)
        return list(self.selected)

    def _take(self, group: str) -> None:
        """Select a group, unless it is the last one of a label in train."""
        counts = self.train[group]
        if all(self.groups_left[label] > 1 for label in counts):
            self.selected[group] = None
            self.taken.update(counts)
            self.groups_left.subtract(list(counts))

    def _excess(self, group: str) -> float:
        """Return by how much a group would raise the summed squared deviation from the quotas."""
        return sum(
            n * (2 * (self.taken[label] - self.quotas[label]) + n)
            for label, n in self.train[group].items()
        )

    def _lacks(self, count: int) -> bool:
        """Return whether `count` samples bring a split nearer to its size or are its first ones."""
        missing = sum(self.quotas.values()) - self.taken.total()
        return count < 2 * missing if self.taken else missing > 0
