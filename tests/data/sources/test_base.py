"""The base class of sources, splits by hash, and the validation of samples."""

import pytest

from lrcn_seq.data.sources import registry
from lrcn_seq.data.sources.base import (
    Source,
    check_shares,
    hash_fraction,
    split_by_hash,
    splits_by_hash,
    validate_samples,
)
from lrcn_seq.errors import ArgumentError, ConfigError, DataError
from lrcn_seq.records import Sample

NAMES = [str(number) for number in range(20_000)]


def sample(
    name: str, group: str | None = None, split: str = "train", captions: tuple[str, ...] = ("a",)
) -> Sample:
    return Sample(name, f"{name}.jpg", group or name, split, captions)


class ThreeSamples(Source):
    """A source of three samples in two splits."""

    def __init__(self) -> None:
        self.samples = [sample("a"), sample("b", split="dev"), sample("c")]


def test_a_source_is_a_sequence_of_samples():
    """The length, items, slices and iteration of a source agree with its `samples`."""
    source = ThreeSamples()
    assert len(source) == 3
    assert source[1].id == "b"
    assert [s.id for s in source[1:]] == ["b", "c"]
    assert [s.id for s in source] == ["a", "b", "c"]


def test_split_returns_positions():
    """`split` returns the positions of the samples of a split."""
    source = ThreeSamples()
    assert source.split("train") == [0, 2]
    assert source.split("dev") == [1]
    assert source.split("test") == []


def test_a_source_cannot_decide_about_captions_by_default():
    """By default, `is_correct_caption` returns None: the source cannot judge captions."""
    assert ThreeSamples().is_correct_caption("a", ["a"]) is None


def test_hash_fraction_is_a_fixed_function():
    """The hash fraction is a fixed function: the first 8 bytes of SHA-256 of "seed/name".

    The values are those of `printf 0/a | sha256sum` and `printf 1/a | sha256sum`.
    """
    assert hash_fraction("a", 0) == 0xD3216B8DC7C46489 / 2**64
    assert hash_fraction("a", 1) == 0xBF1D987701909D7B / 2**64


def test_hash_fraction_accepts_undecodable_file_names():
    """The hash fraction accepts file names with undecodable bytes."""
    assert 0 <= hash_fraction("caf\udce9.jpg", 0) < 1


def test_split_by_hash_has_the_requested_shares():
    """Splitting by hash gives the requested shares within one percent."""
    splits = [split_by_hash(name, 0.1, 0.2) for name in NAMES]
    assert abs(splits.count("dev") / len(NAMES) - 0.1) < 0.01
    assert abs(splits.count("test") / len(NAMES) - 0.2) < 0.01


def test_another_seed_gives_another_split():
    """Splitting by hash with another seed gives another partition."""
    assert [split_by_hash(name, 0.1, 0.2) for name in NAMES] != [
        split_by_hash(name, 0.1, 0.2, seed=1) for name in NAMES
    ]


def test_a_larger_dev_share_leaves_the_test_split_unchanged():
    """A larger dev share moves no group into or out of the test split."""
    before, after = (
        {name for name in NAMES[:5000] if split_by_hash(name, dev, 0.1) == "test"}
        for dev in (0.05, 0.3)
    )
    assert before == after


def test_valid_samples_are_returned_as_a_list():
    """Validation accepts an iterator of samples and returns a list in the same order."""
    samples = [sample("b", "g"), sample("a", "g"), sample("c", split="test")]
    assert validate_samples(iter(samples), "here") == samples


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([], "expected at least one sample. Received: none"),
        (
            [sample("a"), sample("b"), sample("a")],
            "expected every ID once. Received: 'a' more than once; remove",
        ),
        (
            [sample("a"), sample("b"), sample("a"), sample("b"), sample("b")],
            "expected every ID once. Received: 'a' more than once (and 1 more); remove",
        ),
        (
            [sample("a", captions=("fine", "  "))],
            "expected text in every caption. Received: an empty caption of 'a'",
        ),
        (
            [sample("a", "g"), sample("b", "g", "test")],
            "expected all samples of a group in one split. Received: group 'g' in train and test",
        ),
    ],
)
def test_invalid_samples_are_refused(samples, message):
    """The error for invalid samples begins with the given place and names the requirement."""
    with pytest.raises(DataError) as caught:
        validate_samples(samples, "here")
    assert str(caught.value).startswith(f"here: {message}")


def test_shares_must_leave_samples_for_training():
    """Shares of dev and test with a sum of 1 are refused."""
    check_shares(0.5, 0.49)
    with pytest.raises(ArgumentError, match=r"Received: dev=0.5, test=0.5"):
        check_shares(0.5, 0.5)


@pytest.mark.parametrize(
    ("source", "arguments"),
    [
        ("caption_table", {"table": "x", "test": 0.0}),
        ("class_folders", {"folder": "x", "test": 0.0}),
        ("coco", {"annotations": "x", "images": "x", "test": 0.0}),
        ("flickr8k", {"captions": "x", "images": "x", "test": 0.0}),
        ("msvd", {"captions": "x", "videos": "x", "test": 0.0}),
        ("ucf101", {"lists": "x", "videos": "x"}),
        ("video_table", {"table": "x", "test": 0.0}),
    ],
)
def test_every_source_checks_its_shares_before_it_reads_files(source, arguments):
    """Every source checks its shares before it reads any file."""
    with pytest.raises(ConfigError, match=r"Received: dev=1\.0, test=0\.0"):
        registry.build({"type": source, "dev": 1.0, **arguments})


@pytest.mark.parametrize("caption", ["", " ", "\u200b", "\ufeff \u00a0\n"])
def test_invisible_captions_are_refused(caption):
    """A caption of blanks and invisible characters is refused as empty."""
    with pytest.raises(DataError, match="Received: an empty caption of 'a'"):
        validate_samples([Sample("a", "a.jpg", "a", "train", ("A dog.", caption))], "t")


@pytest.mark.parametrize("caption", ["7", "\u0643\u0644\u0628", "\U0001f415", "."])
def test_visible_captions_are_accepted(caption):
    """A caption in any script is accepted, and so is a number or an emoji."""
    samples = [Sample("a", "a.jpg", "a", "train", (caption,))]
    assert validate_samples(samples, "t") == samples


@pytest.mark.parametrize("caption", ["nan", "#N/A", " None "])
def test_marks_of_missing_values_are_no_captions(caption):
    """A caption that marks a missing value is refused with its text."""
    with pytest.raises(DataError, match=f"Received: the caption {caption!r} of 'a'"):
        validate_samples([Sample("a", "a.jpg", "a", "train", (caption,))], "t")


@pytest.mark.parametrize("seed", range(20))
def test_few_groups_have_dev_and_test(seed):
    """Of three to ten groups, at least one is in each split, whatever their hashes are."""
    for count in range(3, 11):
        splits = splits_by_hash(NAMES[:count], 0.1, 0.1, seed)
        assert set(splits.values()) == {"train", "dev", "test"}


def test_groups_in_all_splits_keep_their_hashed_split():
    """If no split is empty, or its share is 0, the splits are those of the hashes alone."""
    for count, dev, test in ((500, 0.1, 0.1), (8, 0.0, 0.0)):
        expected = {name: split_by_hash(name, dev, test, 3) for name in NAMES[:count]}
        assert splits_by_hash(NAMES[:count], dev, test, 3) == expected
