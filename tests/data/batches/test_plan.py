"""Batch plans: determinism, completeness, shuffling and padding."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrcn_seq.data.batches.plan import (
    by_caption,
    by_image,
    in_order,
    padded_lengths,
    with_references,
)
from lrcn_seq.errors import ArgumentError

# 1,003 captions of at most 250 images; image 17 has no caption.
RANDOM = np.random.default_rng(0)
LENGTHS = RANDOM.integers(4, 30, 1003).astype(np.int32)
OWNER = np.sort(RANDOM.integers(0, 250, 1003)).astype(np.int32)
OWNER[OWNER == 17] = 18


def caption_plan(epoch: int = 0, seed: int = 3):
    return by_caption(OWNER, LENGTHS, batch=32, seed=seed, epoch=epoch)


def image_plan(epoch: int = 0, seed: int = 3):
    return by_image(OWNER, LENGTHS, batch=8, captions=3, seed=seed, epoch=epoch)


def rows_of(plan) -> list[int]:
    return np.concatenate([step.rows for step in plan]).tolist()


def images_of(plan) -> list[int]:
    return np.concatenate([step.samples for step in plan]).tolist()


def as_lists(plan) -> list[tuple]:
    return [(s.samples.tolist(), s.rows.tolist(), s.owner.tolist(), s.length) for s in plan]


BOTH = pytest.mark.parametrize("make", [caption_plan, image_plan])


@BOTH
def test_a_plan_is_a_function_of_seed_and_epoch(make):
    """Batch plans with equal seeds and epochs are equal."""
    assert as_lists(make(5)) == as_lists(make(5))


@BOTH
def test_every_caption_fits_into_its_batch(make):
    """No caption of a batch is longer than the padded length of the batch."""
    assert all(LENGTHS[step.rows].max() <= step.length for step in make(2))


@BOTH
def test_batches_have_few_padded_lengths(make):
    """A batch plan has at most six padded lengths."""
    assert len({step.length for step in make()}) <= 6


def test_by_caption_contains_every_caption_once():
    """A plan by caption contains each caption once, with its image as the clip."""
    plan = caption_plan()
    assert sorted(rows_of(plan)) == list(range(1003))
    for step in plan:
        np.testing.assert_array_equal(step.samples, OWNER[step.rows])
        np.testing.assert_array_equal(step.owner, np.arange(len(step.rows)))


def test_by_caption_has_one_smaller_batch():
    """In a plan by caption, exactly one batch is smaller than the batch size."""
    assert Counter(len(step.rows) for step in caption_plan()) == {32: 31, 11: 1}


def test_by_caption_pads_a_mixed_last_batch_to_its_longest_caption():
    """Captions left over from full batches share one batch, padded for the longest of them."""
    lengths = np.array([9, 4, 5])
    (step,) = by_caption(np.arange(3), lengths, batch=8, seed=0, epoch=0, padded=(5, 10))
    assert step.length == 10


def test_by_caption_pads_little():
    """In a plan by caption, less than 11 % of the words are padding."""
    plan = caption_plan()
    assert 1 - LENGTHS.sum() / sum(step.length * len(step.rows) for step in plan) < 0.11


def test_by_caption_mixes_lengths_over_the_epoch():
    """In a plan by caption, the padded length does not depend on the position in the epoch."""
    lengths = [step.length for step in caption_plan()]
    assert abs(np.corrcoef(lengths, range(len(lengths)))[0, 1]) < 0.5


@pytest.mark.parametrize("change", [{"epoch": 1}, {"seed": 4}])
def test_by_caption_regroups_captions(change):
    """A plan by caption groups captions differently for another epoch or seed."""
    one, other = (
        {frozenset(step.rows.tolist()) for step in plan}
        for plan in (caption_plan(), caption_plan(**change))
    )
    assert len(one & other) <= 1


def test_by_image_contains_every_image_once():
    """A plan by image contains every captioned image once."""
    assert sorted(images_of(image_plan())) == sorted(set(OWNER.tolist()))


def test_by_image_has_one_smaller_batch():
    """In a plan by image, only the last batch is smaller than the batch size."""
    sizes = [len(step.samples) for step in image_plan()]
    assert set(sizes[:-1]) == {8}
    assert sum(sizes) == len(set(OWNER.tolist()))


def test_by_image_takes_captions_of_the_image():
    """In a plan by image, each clip has the requested number of captions of its image."""
    for step in image_plan():
        np.testing.assert_array_equal(OWNER[step.rows], step.samples[step.owner])
        assert np.bincount(step.owner).tolist() == [3] * len(step.samples)


def test_by_image_shuffles_images():
    """In a plan by image, the order of the images is random."""
    images = images_of(image_plan())
    assert abs(np.corrcoef(images, range(len(images)))[0, 1]) < 0.25


@pytest.mark.parametrize("change", [{"epoch": 1}, {"seed": 4}])
def test_by_image_regroups_images(change):
    """A plan by image groups images differently for another epoch or seed."""
    plans = image_plan(), image_plan(**change)
    one, other = ({frozenset(step.samples.tolist()) for step in plan} for plan in plans)
    assert len(one & other) <= 1
    first, second = map(images_of, plans)
    places = [second.index(image) for image in first]
    assert abs(np.corrcoef(places, range(len(places)))[0, 1]) < 0.25


def test_by_image_rotates_captions_over_epochs():
    """A plan by image uses the captions of an image in turn over the epochs."""
    owner, lengths = np.repeat(np.arange(20), 6), np.full(120, 5)
    epochs = [
        rows_of(by_image(owner, lengths, batch=4, captions=2, seed=0, epoch=epoch))
        for epoch in range(6)
    ]
    for first in (0, 3):
        assert sorted(np.concatenate(epochs[first : first + 3])) == list(range(120))
    assert sorted(epochs[0]) == sorted(epochs[3])


def test_by_image_rotates_captions_in_random_order():
    """A plan by image starts at a random caption of each image, instead of the first."""
    owner, lengths = np.repeat(np.arange(200), 5), np.full(1000, 5)
    rows = rows_of(by_image(owner, lengths, batch=8, captions=1, seed=0, epoch=0))
    counts = np.bincount(np.array(rows) % 5, minlength=5)
    assert (abs(counts - 40) < 25).all()


def test_by_image_chooses_captions_by_seed():
    """The seed determines which captions of an image a plan by image uses first."""
    first, other = (set(rows_of(image_plan(seed=seed))) for seed in (3, 4))
    assert len(first & other) < 0.8 * len(first)


def test_by_image_shows_captions_equally_often():
    """Over many epochs, a plan by image uses the captions of an image equally often."""
    counts = Counter(row for epoch in range(12) for row in rows_of(image_plan(epoch)))
    per_image = np.bincount(OWNER)[OWNER]
    assert set(counts) == set(range(1003))
    assert all(abs(count - 36 / per_image[row]) < 2 for row, count in counts.items())


def test_by_image_repeats_captions_of_an_image_with_too_few():
    """A plan by image repeats captions of an image that has fewer than requested."""
    plan = by_image(np.array([0, 1, 1]), np.array([4, 5, 6]), batch=2, captions=3, seed=0, epoch=0)
    counts = Counter(rows_of(plan))
    assert counts[0] == 3
    assert sorted((counts[1], counts[2])) == [1, 2]


@BOTH
def test_padded_lengths_can_be_given(make):
    """Padded lengths that are passed to a plan replace the computed ones."""
    options = {"captions": 3} if make is image_plan else {}
    plan = (by_image if options else by_caption)(
        OWNER, LENGTHS, batch=8, seed=0, epoch=0, padded=(10, 40), **options
    )
    assert {step.length for step in plan} <= {10, 40}
    assert all(LENGTHS[step.rows].max() <= step.length for step in plan)


def test_in_order_contains_every_sample_once():
    """A plan in order has every sample once, no captions, and a smaller last batch."""
    plan = in_order(10, batch=4)
    assert [step.samples.tolist() for step in plan] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert all(len(step.rows) == len(step.owner) == step.length == 0 for step in plan)


def test_an_empty_batch_is_refused():
    """Every plan raises an ArgumentError for a batch size below 1."""
    message = "batch: expected at least 1. Received: batch=0"
    with pytest.raises(ArgumentError, match=message):
        by_caption(OWNER, LENGTHS, batch=0, seed=0, epoch=0)
    with pytest.raises(ArgumentError, match=message):
        by_image(OWNER, LENGTHS, batch=0, captions=1, seed=0, epoch=0)
    with pytest.raises(ArgumentError, match=message):
        in_order(3, batch=0)


def test_images_need_at_least_one_caption():
    """A plan by image refuses a number of captions per image below 1."""
    with pytest.raises(
        ArgumentError, match=r"captions: expected at least one per image. Received: captions=0"
    ):
        by_image(OWNER, LENGTHS, batch=4, captions=0, seed=0, epoch=0)


def test_without_samples_a_plan_is_empty():
    """A plan without captions or samples has no batches."""
    none = np.zeros(0, np.int32)
    assert by_caption(none, none, batch=4, seed=0, epoch=0) == []
    assert by_image(none, none, batch=4, captions=2, seed=0, epoch=0) == []
    assert in_order(0, batch=3) == []


@given(st.lists(st.integers(2, 14), min_size=1, max_size=40), st.integers(1, 5))
def test_padded_lengths_are_optimal(lengths, count):
    """No other set of as many padded lengths has less padding than the computed one."""
    values = sorted(set(lengths))

    def cost(chosen):
        return sum(min(length for length in chosen if length >= value) for value in lengths)

    best = min(
        cost((*others, values[-1]))
        for size in range(min(count, len(values)))
        for others in combinations(values[:-1], size)
    )
    chosen = padded_lengths(np.array(lengths), count)
    assert len(chosen) <= count
    assert list(chosen) == sorted(set(chosen))
    assert cost(chosen) == best


def test_with_references_contains_all_captions_of_every_image_once():
    """Each image occurs once, with all of its captions and with the row −1 for missing ones."""
    owner, lengths = np.array([0, 0, 2, 3, 3, 3]), np.array([4, 6, 3, 5, 5, 7])
    steps = with_references(owner, lengths, batch=2, seed=1, epoch=0)
    assert sorted(image for step in steps for image in step.samples) == [0, 2, 3]
    for step in steps:
        assert step.length == 7
        assert len(step.rows) == 3 * len(step.samples)
        for clip, image in enumerate(step.samples):
            rows = step.rows[step.owner == clip]
            assert rows[rows >= 0].tolist() == np.flatnonzero(owner == image).tolist()


def test_with_references_shuffles_images():
    """The order of the images depends on the epoch."""
    owner, lengths = np.arange(40), np.full(40, 5)
    orders = [
        [
            step.samples.tolist()
            for step in with_references(owner, lengths, batch=8, seed=1, epoch=n)
        ]
        for n in range(2)
    ]
    assert orders[0] != orders[1]
