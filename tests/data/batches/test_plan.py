"""Plans: pure, complete, cheap in padding, shared fairly."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrcn_seq.data.batches.plan import Shard, by_caption, by_picture, in_order, padded_lengths
from lrcn_seq.errors import ArgumentError

RANDOM = np.random.default_rng(0)
LENGTHS = RANDOM.integers(4, 30, 1003).astype(np.int32)
OWNER = np.sort(RANDOM.integers(0, 250, 1003)).astype(np.int32)
OWNER[OWNER == 17] = 18


def equal(one, other) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(a, b)
        for x, y in zip(one, other, strict=True)
        for a, b in zip(x, y, strict=True)
    )


def rows_of(plan) -> list[int]:
    return np.concatenate([step.rows for step in plan]).tolist()


PLANS = {
    "by_caption": lambda epoch, **more: by_caption(
        OWNER, LENGTHS, batch=32, seed=3, epoch=epoch, **more
    ),
    "by_picture": lambda epoch, **more: by_picture(
        OWNER, LENGTHS, batch=8, captions=3, seed=3, epoch=epoch, **more
    ),
}


@pytest.mark.parametrize("kind", PLANS)
def test_a_plan_is_a_function_of_seed_and_epoch(kind):
    """Made twice it is the same, of another epoch another."""
    assert equal(PLANS[kind](5), PLANS[kind](5))
    assert not equal(PLANS[kind](5), PLANS[kind](6))


def test_by_caption_takes_every_sentence_once():
    """With its own picture as its clip."""
    plan = PLANS["by_caption"](0)
    assert sorted(rows_of(plan)) == list(range(len(LENGTHS)))
    for step in plan:
        np.testing.assert_array_equal(step.samples[step.owner], OWNER[step.rows])
        assert len(step.samples) == len(step.rows)


def test_by_caption_has_few_shapes():
    """Six lengths, all batches full but one."""
    plan = PLANS["by_caption"](0)
    assert len({step.length for step in plan}) <= 6
    assert Counter(len(step.rows) for step in plan) == {32: 1003 // 32, 1003 % 32: 1}


@pytest.mark.parametrize("kind", PLANS)
def test_every_sentence_fits_its_batch(kind):
    """No word is cut off by padding."""
    for step in PLANS[kind](2):
        assert LENGTHS[step.rows].max() <= step.length


def test_by_caption_pads_little():
    """About a tenth, where random batches padded to their longest waste almost half."""
    plan = PLANS["by_caption"](0)
    assert 1 - LENGTHS.sum() / sum(step.length * len(step.rows) for step in plan) < 0.11


def test_by_caption_mixes_lengths_over_the_epoch():
    """Batches do not come sorted by length."""
    lengths = [step.length for step in PLANS["by_caption"](0)]
    assert lengths != sorted(lengths)
    assert abs(np.corrcoef(lengths, range(len(lengths)))[0, 1]) < 0.5


def test_by_picture_takes_every_picture_once_with_k_of_its_sentences():
    """Sentences belong to the picture that owns them; pictures without sentences are left out."""
    plan = PLANS["by_picture"](0)
    assert sorted(np.concatenate([step.samples for step in plan]).tolist()) == sorted(
        set(OWNER.tolist())
    )
    for step in plan:
        np.testing.assert_array_equal(OWNER[step.rows], step.samples[step.owner])
        np.testing.assert_array_equal(np.bincount(step.owner), 3)


def test_by_picture_shows_all_sentences_in_turn():
    """With 3 of at most 12 a picture, four epochs show every sentence of every picture, about equally often."""
    times = Counter(row for epoch in range(12) for row in rows_of(PLANS["by_picture"](epoch)))
    assert set(times) == set(range(len(OWNER)))
    several = np.bincount(OWNER)[OWNER]
    for row, count in times.items():
        assert abs(count - 36 / several[row]) < 2


def test_by_picture_repeats_where_there_are_too_few():
    """A picture with one sentence gives it three times."""
    plan = by_picture(
        np.array([0, 1, 1]), np.array([4, 5, 6]), batch=2, captions=3, seed=0, epoch=0
    )
    assert Counter(rows_of(plan))[0] == 3


@pytest.mark.parametrize("kind", PLANS)
def test_shards_share_every_batch_and_lose_almost_nothing(kind):
    """Two processes take disjoint halves of equal shape, and together all but what cannot be halved."""
    whole = PLANS[kind](1)
    halves = [PLANS[kind](1, shard=Shard(index, 2)) for index in range(2)]
    for left, right in zip(*halves, strict=True):
        assert (len(left.samples), len(left.rows), left.length) == (
            len(right.samples),
            len(right.rows),
            left.length,
        )
        assert not set(left.samples) & set(right.samples) or kind == "by_caption"
    lost = set(rows_of(whole)) - set(rows_of(halves[0]) + rows_of(halves[1]))
    assert len(lost) <= (1 if kind == "by_caption" else 3)
    if kind == "by_caption":
        assert not set(rows_of(halves[0])) & set(rows_of(halves[1]))


def test_shards_have_one_length_a_step():
    """Processes that run one program together need one shape: the length is that of the whole batch."""
    plans = [
        by_picture(OWNER, LENGTHS, batch=9, captions=2, seed=0, epoch=0, shard=Shard(index, 3))
        for index in range(3)
    ]
    lengths = [[step.length for step in plan] for plan in plans]
    assert lengths[0] == lengths[1] == lengths[2]


def test_in_order_is_every_sample_once():
    """For decoding: no sentences, the last batch short."""
    plan = in_order(10, batch=4)
    assert [step.samples.tolist() for step in plan] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert all(len(step.rows) == len(step.owner) == step.length == 0 for step in plan)


def test_a_batch_must_suit_the_processes():
    """5 sentences for 2 processes is refused, and so is an empty batch."""
    for batch, count in ((5, 2), (0, 1)):
        with pytest.raises(
            ArgumentError,
            match=f"positive multiple of the number of processes. Received: batch={batch}, processes={count}",
        ):
            by_caption(OWNER, LENGTHS, batch=batch, seed=0, epoch=0, shard=Shard(0, count))
    with pytest.raises(ArgumentError, match="captions: expected at least one a picture"):
        by_picture(OWNER, LENGTHS, batch=4, captions=0, seed=0, epoch=0)


def test_nothing_to_plan_is_an_empty_plan():
    """No sentences, no batches."""
    none = np.zeros(0, np.int32)
    assert (
        by_caption(none, none, batch=4, seed=0, epoch=0)
        == by_picture(none, none, batch=4, captions=2, seed=0, epoch=0)
        == in_order(0, batch=3)
        == []
    )


@given(st.lists(st.integers(2, 14), min_size=1, max_size=40), st.integers(1, 5))
def test_padded_lengths_are_the_best_there_are(lengths, count):
    """No other choice of that many lengths wastes less: against all of them."""
    lengths = np.array(lengths)
    values = sorted(set(lengths.tolist()))

    def cost(chosen):
        return sum(next(length for length in chosen if length >= value) for value in lengths)

    best = min(
        cost((*others, values[-1]))
        for size in range(min(count, len(values)))
        for others in combinations(values[:-1], size)
    )
    chosen = padded_lengths(lengths, count)
    assert len(chosen) <= count
    assert list(chosen) == sorted(set(chosen))
    assert cost(chosen) == best
