"""Clips in which only the order of frames tells the answer."""

from collections import Counter

import numpy as np
import pytest

from lrcn_seq.data.sources import registry
from lrcn_seq.data.sources._drawing import HELD_OUT
from lrcn_seq.data.sources.moving_shapes import MovingShapes, exactly_right, story_of


@pytest.fixture(scope="module")
def source():
    return registry.build({"type": "moving_shapes", "train": 400, "dev": 40, "test": 40})


def centers(clip: np.ndarray) -> np.ndarray:
    """Where the thing is in each frame, from the left."""
    away = np.abs(clip.astype(int) - clip[:, :1, :1].astype(int)).max(axis=-1) > 40
    return (away * np.arange(clip.shape[2])).sum(axis=(1, 2)) / away.sum(axis=(1, 2))


def test_labels_are_even(source):
    """Four classes of about a hundred."""
    counts = Counter(sample.label for sample in source.samples[:400])
    assert set(counts) == {"left left", "left right", "right left", "right right"}
    assert min(counts.values()) > 70


def test_things_move_as_the_label_says(source):
    """Measured in the pixels: one step jumps from the end of the first move to the start of the second, all others go one way."""
    for sample in source.samples[:40]:
        places = centers(sample.media.draw())
        story = sample.media.story()
        half = next(
            n
            for n in range(4, 7)
            if len(places) - n in (4, 5, 6) and _straight(places[:n]) and _straight(places[n:])
        )
        assert _ways(places[:half], places[half:]) == (
            story.first.direction,
            story.second.direction,
        )


def _straight(places: np.ndarray) -> bool:
    steps = np.diff(places)
    return bool((np.abs(steps - steps.mean()) < 1.5).all()) and abs(steps.mean()) > 3


def _ways(first: np.ndarray, second: np.ndarray) -> tuple[str, str]:
    return tuple("right" if places[-1] > places[0] else "left" for places in (first, second))


def test_frames_one_by_one_tell_nothing(source):
    """The places at which things are seen are spread alike for every label."""
    seen: dict[str, list[float]] = {}
    for sample in source.samples[:400]:
        seen.setdefault(sample.label, []).extend(centers(sample.media.draw()))
    spread = np.array([np.quantile(places, [0.1, 0.3, 0.5, 0.7, 0.9]) for places in seen.values()])
    assert np.ptp(spread, axis=0).max() < 3.5


def test_lengths_vary(source):
    """Eight to twelve frames."""
    assert {len(sample.media.draw()) for sample in source.samples[:200]} == {8, 9, 10, 11, 12}


def test_held_out_pairs_are_kept_out_of_training(source):
    """As in shapes."""
    for sample in source:
        story = sample.media.story()
        shown = {(move.thing.color, move.thing.shape) for move in story}
        assert bool(shown & HELD_OUT[sample.split]) == (sample.split != "train")
        assert not shown & (HELD_OUT["dev"] | HELD_OUT["test"]) - HELD_OUT[sample.split]


def test_clips_are_drawn_from_their_key_alone(source):
    """Again: the same."""
    np.testing.assert_array_equal(source[7].media.draw(), source[7].media.draw())
    assert len({sample.media.key for sample in source}) == len(source)


def test_sentences_tell_the_story_and_order_matters(source):
    """All references are right; exchanged order or direction is wrong."""
    for sample in source.samples[:50]:
        assert {story_of(sentence) for sentence in sample.captions} == {sample.media.story()}
    right = ["a small red cross moves left then a large blue circle moves right"]
    assert exactly_right(
        "A large blue circle moves right after the small red cross moves left.", right
    )
    for wrong in (
        "a large blue circle moves right then a small red cross moves left",
        "a small red cross moves right then a large blue circle moves right",
        "a small red cross moves left",
        "a small red cross moves left after a large blue circle moves right",
    ):
        assert not exactly_right(wrong, right)


def test_sentences_may_begin_with_what_comes_first():
    """Then none says "after"; the clips are the same."""
    every, first = (
        MovingShapes(train=20, dev=0, test=0, begin=begin) for begin in ("any", "first")
    )
    assert [sample.media for sample in every] == [sample.media for sample in first]
    assert all(
        sample.captions == other.captions[:2] and "after" not in " ".join(sample.captions)
        for sample, other in zip(first, every, strict=True)
    )
