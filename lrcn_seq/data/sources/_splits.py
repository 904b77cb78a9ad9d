"""Splits of groups, by hash or by cross-validation folds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lrcn_seq.data.sources.base import hash_fraction, split_by_hash
from lrcn_seq.errors import ArgumentError


def assign_splits(
    samples: Iterable[tuple[str, str]],
    *,
    dev: float,
    test: float,
    seed: int,
    folds: int | None,
    fold: int,
) -> dict[str, str]:
    """Assign each group to a split.

    Args:
        samples: The (group, label) pair of every sample.
        dev: The share of groups in dev; not used with folds.
        test: The share of groups in test; not used with folds.
        seed: The seed of the assignment.
        folds: The number of folds; None splits by hash.
        fold: The fold that is the test split.

    Returns:
        The split of each group.

    Raises:
        ArgumentError: If `folds` does not fit the number of groups or `fold` does not exist.
    """
    if folds:
        assigned = assign_folds(samples, folds, seed)
        return {group: split_of_fold(number, fold, folds) for group, number in assigned.items()}
    return {group: split_by_hash(group, dev, test, seed) for group, _ in samples}


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
    labels: dict[str, Counter[str]] = {}
    for group, label in samples:
        labels.setdefault(group, Counter())[label] += 1
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


def _imbalance(contents: Counter[str], added: Counter[str]) -> int:
    """Return the increase of the fold's sum of squared class counts.

    Adding n samples to a class of m samples increases it by n(2m + n).
    """
    return sum(n * (2 * contents[label] + n) for label, n in added.items())
