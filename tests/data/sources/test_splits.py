"""Splits of groups by hash and by cross-validation folds."""

from collections import Counter

import pytest

from lrcn_seq.data.sources._splits import assign_folds, assign_splits, split_of_fold
from lrcn_seq.data.sources.base import split_by_hash
from lrcn_seq.errors import ArgumentError

# Twelve groups: group n has n % 4 + 1 clips of class a and as many of class b.
SAMPLES = [(f"g{number}", label) for number in range(12) for label in "ab" * (number % 4 + 1)]


def test_folds_assign_every_group():
    """Folds assign every group to a fold, and no fold is empty."""
    folds = assign_folds(SAMPLES, 4, seed=0)
    assert set(folds) == {f"g{number}" for number in range(12)}
    assert set(folds.values()) == {0, 1, 2, 3}


def test_folds_have_equal_sizes_and_class_counts():
    """Folds have equal sizes and equal class counts."""
    folds = assign_folds(SAMPLES, 3, seed=0)
    counts = Counter((folds[group], label) for group, label in SAMPLES)
    assert counts == {(fold, label): 10 for fold in range(3) for label in "ab"}


def test_the_largest_groups_are_assigned_first():
    """Large groups are assigned to folds first, so that fold sizes are equal."""
    samples = [("large", "a")] * 4 + [(f"small{number}", "a") for number in range(8)]
    folds = assign_folds(samples, 3, seed=0)
    assert Counter(folds[group] for group, _ in samples) == {0: 4, 1: 4, 2: 4}


def test_folds_balance_classes_of_groups_with_one_class():
    """Groups of a single class are distributed over the folds so that each fold has every class."""
    samples = [(f"{label}{number}", label) for label in "abc" for number in range(6)]
    folds = assign_folds(samples, 3, seed=0)
    counts = Counter((folds[group], label) for group, label in samples)
    assert counts == {(fold, label): 2 for fold in range(3) for label in "abc"}


def test_folds_depend_on_the_seed_but_not_on_the_order():
    """Folds depend on the seed and not on the order of the samples."""
    folds = assign_folds(SAMPLES, 3, seed=0)
    assert assign_folds(SAMPLES[::-1], 3, seed=0) == folds
    assert any(assign_folds(SAMPLES, 3, seed=seed) != folds for seed in range(1, 4))


@pytest.mark.parametrize("folds", [1, 2, 13])
def test_impossible_numbers_of_folds_are_refused(folds):
    """Numbers of folds below 3 or above the number of groups raise an ArgumentError."""
    with pytest.raises(
        ArgumentError, match=rf"at most one for each of the 12 groups. Received: folds={folds}"
    ):
        assign_folds(SAMPLES, folds, seed=0)


def test_fold_is_test_and_the_next_fold_is_dev():
    """Fold k is the test split, and the next fold is the dev split."""
    assert [split_of_fold(number, 0, 4) for number in range(4)] == ["test", "dev", "train", "train"]
    assert [split_of_fold(number, 3, 4) for number in range(4)] == ["dev", "train", "train", "test"]


def test_a_fold_that_does_not_exist_is_refused():
    """A fold number outside the range 0 to k − 1 raises an ArgumentError."""
    with pytest.raises(ArgumentError, match=r"expected a number below folds=4. Received: fold=4"):
        split_of_fold(0, 4, 4)


def test_splits_without_folds_are_by_hash():
    """Without folds, the split of each group is determined by its hash."""
    splits = assign_splits(SAMPLES, dev=0.3, test=0.3, seed=5, folds=None, fold=0)
    assert splits == {
        f"g{number}": split_by_hash(f"g{number}", 0.3, 0.3, 5) for number in range(12)
    }


def test_every_group_is_test_in_one_fold():
    """Over all folds, each group is test once and dev once."""
    splits = [
        assign_splits(SAMPLES, dev=0.9, test=0.05, seed=0, folds=3, fold=fold) for fold in range(3)
    ]
    for group in splits[0]:
        assert sorted(split[group] for split in splits) == ["dev", "test", "train"]
