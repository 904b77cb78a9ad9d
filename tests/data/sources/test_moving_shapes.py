"""Built-in clips in which only the order of the frames determines the label."""

from collections import Counter

import numpy as np
import pytest

from lrcn_seq.data.sources import registry
from lrcn_seq.data.sources._drawing import HELD_OUT, SceneObject
from lrcn_seq.data.sources.moving_shapes import Film, Move, MovingShapes, Story, parse_story


@pytest.fixture(scope="module")
def source() -> MovingShapes:
    return registry.build({"type": "moving_shapes", "train": 400, "dev": 40, "test": 40})


def centers(clip: np.ndarray) -> np.ndarray:
    """Return the horizontal center of the object in each frame of a clip (T, H, W, 3)."""
    is_object = np.abs(clip.astype(int) - clip[:, :1, :1].astype(int)).max(axis=-1) > 40
    columns = is_object * np.arange(clip.shape[2])
    return columns.sum(axis=(1, 2)) / is_object.sum(axis=(1, 2))


def is_steady(places: np.ndarray) -> bool:
    """Return whether an object moves by about the same distance from frame to frame."""
    steps = np.diff(places)
    return bool((np.abs(steps - steps.mean()) < 1.5).all()) and abs(steps.mean()) > 3


def test_labels_are_balanced(source):
    """The four labels of moving shapes are about equally frequent."""
    counts = Counter(sample.label for sample in source[:400])
    assert set(counts) == {"left left", "left right", "right left", "right right"}
    assert min(counts.values()) > 70


def test_objects_move_as_the_label_says(source):
    """The objects of a clip move in the directions of its label."""
    for sample in source[:40]:
        places = centers(sample.media.draw())
        count = next(
            n
            for n in (4, 5, 6)
            if len(places) - n in (4, 5, 6) and is_steady(places[:n]) and is_steady(places[n:])
        )
        directions = [
            "right" if move[-1] > move[0] else "left" for move in (places[:count], places[count:])
        ]
        assert sample.label == " ".join(directions)


def test_single_frames_do_not_reveal_the_label(source):
    """The position of an object in a single frame does not reveal the label."""
    places: dict[str, list[float]] = {}
    for sample in source[:400]:
        places.setdefault(sample.label, []).extend(centers(sample.media.draw()))
    quantiles = np.array(
        [np.quantile(values, [0.1, 0.3, 0.5, 0.7, 0.9]) for values in places.values()]
    )
    assert np.ptp(quantiles, axis=0).max() < 3.5


def test_lengths_vary(source):
    """Clips of moving shapes have eight to twelve frames."""
    assert {len(sample.media.draw()) for sample in source[:200]} == {8, 9, 10, 11, 12}


def test_frames_have_the_requested_size():
    """Frames of moving shapes are square uint8 RGB images of the requested size."""
    clip = Film(0, "train", 0, 32, 7).draw()
    assert clip.shape[1:] == (32, 32, 3)
    assert clip.dtype == np.uint8
    assert 14 <= len(clip) <= 18


def test_held_out_combinations_occur_only_in_their_split(source):
    """Held-out combinations of color and shape occur only in their split."""
    for sample in source:
        shown = {(move.object.color, move.object.shape) for move in sample.media.story()}
        assert bool(shown & HELD_OUT[sample.split]) == (sample.split != "train")
        assert not shown & (HELD_OUT["dev"] | HELD_OUT["test"]) - HELD_OUT[sample.split]


def test_clips_depend_on_their_key_alone(source):
    """Clips with equal keys have equal frames."""
    film = source[7].media
    assert film.key == "moving_shapes-2/0/train/7/48/4"
    np.testing.assert_array_equal(film.draw(), Film(0, "train", 7, 48, 4).draw())
    assert len({sample.media.key for sample in source}) == len(source)


CROSS = Move(SceneObject("small", "red", "cross"), "left")
CIRCLE = Move(SceneObject("large", "blue", "circle"), "right")
STORY = Story(CROSS, CIRCLE)
REFERENCES = ["a small red cross moves left then a large blue circle moves right"]


def test_captions_of_a_story():
    """The captions of a story begin with the first or with the second move."""
    assert STORY.captions() == (
        "a small red cross moves left then a large blue circle moves right",
        "a small red cross moves left before a large blue circle moves right",
        "a large blue circle moves right after a small red cross moves left",
    )


def test_captions_may_begin_with_the_first_move():
    """With `begin="first"`, captions begin with the first move and the clips stay the same."""
    every, first = (MovingShapes(20, 0, test=0, begin=begin) for begin in ("any", "first"))
    assert [sample.media for sample in every] == [sample.media for sample in first]
    assert [sample.captions for sample in first] == [sample.captions[:2] for sample in every]


def test_all_captions_of_a_sample_tell_its_story(source):
    """Every caption of a sample describes the moves of its clip."""
    for sample in source[:50]:
        assert {parse_story(caption) for caption in sample.captions} == {sample.media.story()}


@pytest.mark.parametrize("text", ["", "a small red cross moves left", "a dog runs"])
def test_other_captions_have_no_story(text):
    """Parsing a caption outside the grammar gives None."""
    assert parse_story(text) is None


@pytest.mark.parametrize(
    "caption",
    [
        "A large blue circle moves right after the small red cross moves left.",
        "a small red cross moves left and then a large blue circle moves right",
        "the small red cross moves left before the large blue circle moves right",
    ],
)
def test_other_wordings_are_correct(caption):
    """A correct caption may differ in case, period, articles and conjunction."""
    assert MovingShapes.is_correct_caption(caption, REFERENCES)


@pytest.mark.parametrize(
    "caption",
    [
        "a large blue circle moves right then a small red cross moves left",
        "a small red cross moves right then a large blue circle moves right",
        "a large red cross moves left then a large blue circle moves right",
        "a small red cross moves left",
        "a small red cross moves left after a large blue circle moves right",
    ],
)
def test_another_order_or_attribute_is_incorrect(caption):
    """A caption with another order, direction or attribute, or without a move, is incorrect."""
    assert not MovingShapes.is_correct_caption(caption, REFERENCES)
