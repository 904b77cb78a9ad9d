"""Splits of groups: stratified by class, by hash, and by cross-validation folds."""

from collections import Counter

import pytest

from lrcn_seq.data.sources._splits import (
    assign_folds,
    assign_splits,
    join_groups,
    split_of_fold,
    unique_files,
)
from lrcn_seq.data.sources.base import labels_of, split_by_hash
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.records import Moment, Sample

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


def samples_of(pairs) -> list[Sample]:
    """Return one sample without a split for each (group, label) pair."""
    return [
        Sample(str(n), f"{n}.mp4", group, "", (), label) for n, (group, label) in enumerate(pairs)
    ]


def splits_of(samples, **options) -> dict[str, str]:
    """Return the split of each group; by default, with shares of 0.1 for dev and 0.2 for test."""
    defaults = {"dev": 0.1, "test": 0.2, "seed": 0, "stratify": True, "folds": None, "fold": 0}
    assigned = assign_splits(samples, **{**defaults, **options})
    splits = {sample.group: sample.split for sample in assigned}
    assert [sample.split for sample in assigned] == [splits[sample.group] for sample in samples]
    return splits


@pytest.mark.parametrize(("stratify", "label"), [(False, "a"), (True, None)])
def test_splits_are_by_hash_without_classes_or_stratification(stratify, label):
    """Without classes or stratification, each group has the split that its hash selects."""
    samples = samples_of((f"g{number}", label) for number in range(40))
    assert splits_of(samples, stratify=stratify, seed=5) == {
        f"g{number}": split_by_hash(f"g{number}", 0.1, 0.2, 5) for number in range(40)
    }


def test_existing_splits_are_kept_except_with_folds():
    """Samples keep a split that they already have, but folds replace their split."""
    samples = [sample._replace(split="train") for sample in samples_of(SAMPLES)]
    assert set(splits_of(samples).values()) == {"train"}
    assert set(splits_of(samples, folds=3).values()) == {"train", "dev", "test"}


def test_moments_are_classes_of_their_sample():
    """Videos whose labels change over time are stratified by the classes of their moments."""
    samples = [
        sample._replace(label=None, moments=(Moment(0, 1, "ab"[n % 2]), Moment(2, 3, "c")))
        for n, sample in enumerate(samples_of((f"g{n}", "") for n in range(20)))
    ]
    assert labels_of(samples[0]) == ("a", "c")
    splits = splits_of(samples)
    counts = Counter((splits[sample.group], labels_of(sample)[0]) for sample in samples)
    assert counts[("test", "a")] == counts[("test", "b")] == 2


def test_groups_with_one_file_are_joined(tmp_path):
    """Groups with links to the same file become one group, even if only a third one links them."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    (tmp_path / "link-a").symlink_to(tmp_path / "a")
    (tmp_path / "link-b").hardlink_to(tmp_path / "b")
    files = {"a": "g1", "b": "g2", "none": "g3", "link-a": "g4", "link-b": "g4", "./none": "g5"}
    samples = [Sample(name, f"{tmp_path}/{name}", group, "") for name, group in files.items()]
    assert [sample.group for sample in join_groups(samples)] == ["g1", "g1", "g3", "g1", "g1", "g3"]


def test_every_group_is_test_in_one_fold():
    """Over all folds, each group is test once and dev once."""
    samples = samples_of(SAMPLES)
    splits = [splits_of(samples, folds=3, fold=fold) for fold in range(3)]
    for group in splits[0]:
        assert sorted(split[group] for split in splits) == ["dev", "test", "train"]


def test_a_file_with_two_labels_is_refused(tmp_path):
    """Two names of one file with different labels are refused, with both names and labels."""
    (tmp_path / "a.mp4").write_bytes(b"")
    (tmp_path / "b.mp4").hardlink_to(tmp_path / "a.mp4")
    samples = [
        Sample(name, str(tmp_path / name), group=name, split="", label=label)
        for name, label in (("a.mp4", "run"), ("b.mp4", "jump"))
    ]
    with pytest.raises(DataError, match=r"labels 'run' and 'jump', since 'a.mp4' and 'b.mp4' are"):
        join_groups(samples)


def test_links_to_one_file_are_one_sample(tmp_path):
    """The first of several names of one file is its only sample."""
    (tmp_path / "a.mp4").write_bytes(b"")
    (tmp_path / "b.mp4").symlink_to(tmp_path / "a.mp4")
    (tmp_path / "c.mp4").write_bytes(b"")
    names = ("b.mp4", "a.mp4", "c.mp4")
    samples = [Sample(name, str(tmp_path / name), group=name, split="") for name in names]
    assert [sample.id for sample in unique_files(samples)] == ["b.mp4", "c.mp4"]
