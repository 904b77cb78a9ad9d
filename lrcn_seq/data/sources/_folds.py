"""Folds for cross-validation: whole groups, of about equal size and mix of classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lrcn_seq.data.sources.base import drawn, split_of
from lrcn_seq.errors import ArgumentError


def folds_of(samples: Iterable[tuple[str, str]], folds: int, seed: int) -> dict[str, int]:
    """The fold of each group, from (group, label) of every sample: the largest group first, each to where it evens out best."""
    sizes: dict[str, Counter[str]] = {}
    for group, label in samples:
        sizes.setdefault(group, Counter())[label] += 1
    if not 3 <= folds <= len(sizes):
        raise ArgumentError(
            f"folds: expected at least 3 (train, dev, test) and at most one for each of the {len(sizes)} groups. Received: folds={folds}."
        )
    held: list[Counter[str]] = [Counter() for _ in range(folds)]
    fold_of: dict[str, int] = {}
    for group in sorted(sizes, key=lambda name: (-sizes[name].total(), drawn(name, seed))):
        # Adding n to a class that holds m raises the sum of squares by n(2m + n): least where the class is scarce.
        fold_of[group] = min(
            range(folds),
            key=lambda fold: (
                sum(n * (2 * held[fold][label] + n) for label, n in sizes[group].items()),
                held[fold].total(),
            ),
        )
        held[fold_of[group]] += sizes[group]
    return fold_of


def split_in_fold(part: int, fold: int, folds: int) -> str:
    """Part `fold` is test and the next one dev.

    Raises:
        ArgumentError: there is no such fold.
    """
    if fold >= folds:
        raise ArgumentError(f"fold: expected a number below folds={folds}. Received: fold={fold}.")
    return "test" if part == fold else "dev" if part == (fold + 1) % folds else "train"


def splits_of(
    samples: Iterable[tuple[str, str]],
    *,
    dev: float,
    test: float,
    seed: int,
    folds: int | None,
    fold: int,
) -> dict[str, str]:
    """The split of each group, from (group, label) of every sample: by folds where there are any, otherwise by the shares of dev and test."""
    if folds:
        return {
            group: split_in_fold(part, fold, folds)
            for group, part in folds_of(samples, folds, seed).items()
        }
    return {group: split_of(group, dev, test, seed) for group, _ in samples}
