"""Splits by hash, and what must hold for any source."""

import pytest

from lrcn_seq.data.sources.base import check_shares, checked, split_of
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.records import Sample


def sample(
    name: str, group: str | None = None, split: str = "train", captions: tuple[str, ...] = ("a",)
) -> Sample:
    return Sample(name, f"{name}.jpg", group or name, split, captions)


def test_splits_by_hash_have_the_shares_asked_for():
    """Of 20,000 names, within one percent; another seed splits otherwise."""
    splits = [split_of(str(number), 0.1, 0.2) for number in range(20_000)]
    assert abs(splits.count("dev") / 20_000 - 0.1) < 0.01
    assert abs(splits.count("test") / 20_000 - 0.2) < 0.01
    assert splits != [split_of(str(number), 0.1, 0.2, seed=1) for number in range(20_000)]


def test_more_dev_moves_nobody_out_of_test():
    """Shares can be changed without test pictures getting into training."""
    names = [str(number) for number in range(5000)]
    before = {name for name in names if split_of(name, 0.05, 0.1) == "test"}
    assert {name for name in names if split_of(name, 0.3, 0.1) == "test"} == before


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        ([], "expected at least one sample"),
        ([sample("a"), sample("b"), sample("a")], "expected every id once. Received: 'a' twice"),
        (
            [sample("a", captions=("fine", "  "))],
            "expected a sentence in every caption. Received: an empty caption of 'a'",
        ),
        (
            [sample("a", "g"), sample("b", "g", "test")],
            "expected all samples of a group in one split. Received: group 'g' in train and test",
        ),
    ],
)
def test_what_no_source_may_hold(samples, sentence):
    """Each has its sentence, which begins with the place."""
    with pytest.raises(DataError) as caught:
        checked(samples, "here")
    assert str(caught.value).startswith(f"here: {sentence}")


def test_dev_and_test_must_leave_something():
    """Shares of one and more are refused."""
    with pytest.raises(ArgumentError, match=r"Received: dev=0.5, test=0.5"):
        check_shares(0.5, 0.5)
