"""Stratified splits of groups: all splits have the same proportions of classes."""

from collections import Counter

import pytest

from lrcn_seq.data.sources._stratified_splits import assign_stratified, count_labels, split_quotas

# 48 groups: group n has n % 4 + 1 clips of class a and as many of class b.
SAMPLES = [(f"g{number}", label) for number in range(48) for label in "ab" * (number % 4 + 1)]


def test_labels_are_counted_by_group():
    """`count_labels` counts the samples of each label in each group."""
    counts = count_labels([("g", "a"), ("h", "b"), ("g", "a"), ("g", "b")])
    assert counts == {"g": {"a": 2, "b": 1}, "h": {"b": 1}}


def test_quotas_cover_all_labels_if_this_does_not_double_the_split():
    """The quota of a label with several groups is at least the size of its smallest group.

    This minimum does not apply if it would more than double the size of the split.
    """
    groups = {"g": Counter(a=40, b=2), "h": Counter(b=3), "i": Counter(a=40), "j": Counter(c=10)}
    assert split_quotas(groups, 0.3) == {"a": 40, "b": 2, "c": 3}
    groups = {"g": Counter(a=10), "h": Counter(a=10), "i": Counter(b=10), "j": Counter(b=10)}
    assert split_quotas(groups, 0.2) == {"a": 4, "b": 4}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("groups", "dev", "test"),
    [
        ({"a": 40, "b": 20}, {"a": 4, "b": 2}, {"a": 8, "b": 4}),
        ({"a": 40, "b": 5}, {"a": 4, "b": 1}, {"a": 8, "b": 1}),
        ({"a": 6, "b": 6}, {"a": 1, "b": 1}, {"a": 1, "b": 1}),
        ({"a": 20, "b": 1}, {"a": 2}, {"a": 4}),
    ],
)
def test_splits_have_the_classes_in_proportion(groups, dev, test, seed):
    """Dev and test get their share of each class, at least one group, provided train keeps one."""
    pairs = [(f"{label}{n}", label) for label, count in groups.items() for n in range(count)]
    splits = assign_stratified(pairs, dev=0.1, test=0.2, seed=seed)
    counts = Counter((splits[group], label) for group, label in pairs)
    expected = {("dev", label): n for label, n in dev.items()}
    expected |= {("test", label): n for label, n in test.items()}
    rest = {
        ("train", label): n - dev.get(label, 0) - test.get(label, 0) for label, n in groups.items()
    }
    assert counts == expected | rest


def test_splits_of_many_small_classes_have_their_share():
    """With 25 classes of four clips, dev has a tenth of the clips, each of a different class."""
    pairs = [(f"{label}/{number}", str(label)) for label in range(25) for number in range(4)]
    splits = assign_stratified(pairs, dev=0.1, test=0.2, seed=0)
    dev = [label for group, label in pairs if splits[group] == "dev"]
    assert len(dev) == len(set(dev)) == 10


def test_large_groups_come_within_half_a_group_of_the_share():
    """With ten clips per group, a split has the multiple of ten that is nearest to its share."""
    pairs = [(f"{group}", str(group % 24)) for group in range(72) for _ in range(10)]
    splits = assign_stratified(pairs, dev=0.1, test=0.0, seed=0)
    assert Counter(splits[group] for group, _ in pairs) == {"train": 650, "dev": 70}


def test_groups_of_several_classes_are_balanced():
    """Groups with clips of both classes stay whole; each split has equal counts of the classes."""
    splits = assign_stratified(SAMPLES, dev=0.2, test=0.2, seed=0)
    counts = Counter((splits[group], label) for group, label in SAMPLES)
    for split, expected in {"train": 72, "dev": 24, "test": 24}.items():
        assert counts[(split, "a")] == counts[(split, "b")]
        assert abs(counts[(split, "a")] - expected) <= 8


def test_dev_does_not_change_the_test_split():
    """The test split depends on the seed, but not on the dev share or the order of the samples."""
    pairs = [(f"{n}", "ab"[n % 2]) for n in range(50)]
    one = assign_stratified(pairs, dev=0.1, test=0.2, seed=0)
    two = assign_stratified(pairs[::-1], dev=0.4, test=0.2, seed=0)
    other = assign_stratified(pairs, dev=0.1, test=0.2, seed=1)
    tests = [{g for g, split in splits.items() if split == "test"} for splits in (one, two, other)]
    assert tests[0] == tests[1] != tests[2]
