"""Splits of groups: stratified by class, by hash, or by cross-validation folds."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from lrcn_seq.data.sources._stratified_splits import assign_stratified, count_labels
from lrcn_seq.data.sources.base import hash_fraction, labels_of, splits_by_hash
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.records import Sample


def assign_splits(
    samples: Sequence[Sample],
    *,
    dev: float,
    test: float,
    seed: int,
    stratify: bool,
    folds: int | None,
    fold: int,
) -> list[Sample]:
    """Return samples with their splits; groups stay together.

    Args:
        samples: The samples. If all have a split, they keep it, except with folds.
        dev: The share of the data in dev; not used with folds.
        test: The share of the data in test; not used with folds.
        seed: The seed of the assignment.
        stratify: Whether to balance the classes of the splits, if there are any classes.
        folds: The number of folds; None splits by shares.
        fold: The number of the test fold, from 0.

    Raises:
        ArgumentError: If `folds` does not fit the number of groups or `fold` does not exist.
    """
    if folds:
        numbers = assign_folds([(s.group, s.label or "") for s in samples], folds, seed)
        splits = {group: split_of_fold(n, fold, folds) for group, n in numbers.items()}
    elif all(sample.split for sample in samples):
        return list(samples)
    elif stratify and any(map(labels_of, samples)):
        pairs = [(s.group, label) for s in samples for label in labels_of(s) or ("",)]
        splits = assign_stratified(pairs, dev=dev, test=test, seed=seed)
    else:
        splits = splits_by_hash((sample.group for sample in samples), dev, test, seed)
    return [sample._replace(split=splits[sample.group]) for sample in samples]


def assign_folds(samples: Iterable[tuple[str, str]], folds: int, seed: int) -> dict[str, int]:
    """Assign each group to a cross-validation fold, balancing sizes and classes.

    Groups are assigned greedily, the largest first, each to the fold in which its classes are
    rarest.

    Args:
        samples: The (group, label) pair of every sample.
        folds: The number of folds.
        seed: The seed of the order of groups of equal size.

    Returns:
        The fold of each group, from 0.

    Raises:
        ArgumentError: If there are fewer than three folds or fewer groups than folds.
    """
    labels = count_labels(samples)
    if not 3 <= folds <= len(labels):
        raise ArgumentError(
            "folds: expected at least 3 (train, dev, test) and at most one for each of the "
            f"{len(labels)} groups. Received: folds={folds}; choose a number in this range."
        )
    contents: list[Counter[str]] = [Counter() for _ in range(folds)]
    assigned: dict[str, int] = {}
    for group in sorted(
        labels, key=lambda name: (-labels[name].total(), hash_fraction(name, seed))
    ):
        counts = labels[group]
        best = min(
            range(folds), key=lambda n: (_imbalance(contents[n], counts), contents[n].total())
        )
        assigned[group] = best
        contents[best] += counts
    return assigned


def split_of_fold(number: int, fold: int, folds: int) -> str:
    """Return the split of fold `number`: `fold` is test, the next one dev, the others train.

    Raises:
        ArgumentError: If `fold` does not exist.
    """
    if fold >= folds:
        raise ArgumentError(
            f"fold: expected a number below folds={folds}. Received: fold={fold}; "
            "the first fold is 0."
        )
    return "test" if number == fold else "dev" if number == (fold + 1) % folds else "train"


def join_groups(samples: Sequence[Sample]) -> list[Sample]:
    """Join groups that contain the same media file, and return the samples with their groups.

    Otherwise, a file with several names, such as symbolic or hard links, could be in two splits.
    The joined group has the name of the first group.

    Raises:
        DataError: If two names of one file have different labels.
    """
    parents: dict[str, str] = {}

    def root(group: str) -> str:
        while (parent := parents.setdefault(group, group)) != group:
            parents[group] = group = parents[parent]
        return group

    first: dict[Hashable, Sample] = {}
    for sample in samples:
        same = first.setdefault(_identity(sample.file), sample)
        if same.label != sample.label:
            raise DataError(
                f"{sample.file}: expected one label for each file. Received: the labels "
                f"{same.label!r} and {sample.label!r}, since {same.id!r} and {sample.id!r} are the "
                "same file or links to it; remove one of them."
            )
        parents[root(sample.group)] = root(same.group)
    names: dict[str, str] = {}
    return [
        sample._replace(group=names.setdefault(root(sample.group), sample.group))
        for sample in samples
    ]


def unique_files(samples: Iterable[Sample]) -> list[Sample]:
    """Return the first sample of each media file; links to a file are the same file."""
    first: dict[Hashable, Sample] = {}
    for sample in samples:
        first.setdefault(_identity(sample.file), sample)
    return list(first.values())


def _identity(file: str) -> Hashable:
    """Return a value that all names of a file share."""
    try:
        state = os.stat(file)  # noqa: PTH116 - faster for many files
    except (OSError, ValueError):
        return os.path.realpath(file)
    return state.st_dev, state.st_ino


def _imbalance(contents: Counter[str], added: Counter[str]) -> int:
    """Return by how much a group would increase the sum of squared class counts of a fold.

    Adding n samples to a class of m samples increases the sum by n(2m + n).
    """
    return sum(n * (2 * contents[label] + n) for label, n in added.items())
