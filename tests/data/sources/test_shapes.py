"""Pictures of shapes: drawn from a seed, judged exactly, with pairs kept out of training."""

import pickle
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.sources import registry
from lrcn_seq.data.sources._drawing import COLORS, HELD_OUT, RADII, SHAPES, Placed, Thing, paint
from lrcn_seq.data.sources.shapes import Drawing, Shapes, exactly_right, scene_of


@pytest.fixture(scope="module")
def source() -> Shapes:
    return registry.build({"type": "shapes", "train": 600, "dev": 80, "test": 80})


def pairs(sample) -> set[tuple[str, str]]:
    scene = sample.media.scene()
    return {(thing.color, thing.shape) for thing in (scene.first, scene.second)}


def test_splits_have_the_sizes_asked_for(source):
    """And ids are told apart."""
    assert [len(source.split(name)) for name in ("train", "dev", "test")] == [600, 80, 80]
    assert len({sample.id for sample in source}) == 760


def test_training_never_shows_a_held_out_pair(source):
    """Every picture of dev and test shows at least one of its own pairs, and none of the other's."""
    shown = {
        split: [pairs(source[position]) for position in source.split(split)] for split in HELD_OUT
    }
    assert not set().union(*shown["train"]) & (HELD_OUT["dev"] | HELD_OUT["test"])
    for split, other in (("dev", "test"), ("test", "dev")):
        assert all(several & HELD_OUT[split] for several in shown[split])
        assert not set().union(*shown[split]) & HELD_OUT[other]


def test_all_parts_of_a_held_out_pair_are_known_from_training(source):
    """Every color and every shape is seen in training, each in at least three company."""
    known = set().union(*(pairs(source[position]) for position in source.split("train")))
    for color, shape in HELD_OUT["dev"] | HELD_OUT["test"]:
        assert len({other for named, other in known if named == color}) >= 3
        assert len({other for other, named in known if named == shape}) >= 3


def test_pictures_are_drawn_from_their_key_alone(source):
    """Drawn again, from a copy, in any order: the same pixels; another seed: others."""
    drawing = source[17].media
    copy = pickle.loads(pickle.dumps(drawing))
    assert copy.key == drawing.key
    np.testing.assert_array_equal(copy.draw(), drawing.draw())
    assert (drawing._replace(seed=1).draw() != drawing.draw()).any()
    assert len({sample.media.key for sample in source}) == len(source)


def test_more_pictures_change_none_that_were_there(source):
    """The first of 10 are the first of 600."""
    assert [sample.captions for sample in Shapes(train=10, dev=0, test=0)] == [
        sample.captions for sample in source.samples[:10]
    ]


def hue_distance(picture: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Degrees between the hue of every pixel (H, W) and that of a color; 180 where a pixel is gray."""
    hue, saturation, _ = np.moveaxis(
        np.asarray(Image.fromarray(picture).convert("HSV")).astype(int), -1, 0
    )
    wanted = Image.new("RGB", (1, 1), color).convert("HSV").getpixel((0, 0))[0]
    turn = np.abs(hue - wanted) * 360 / 256
    return np.where(saturation > 40, np.minimum(turn, 360 - turn), 180)


def test_what_is_said_is_what_is_drawn():
    """Position, size and color of both things, measured in the pixels."""
    for number in range(60):
        drawing = Drawing(0, "train", number, 64)
        scene, picture = drawing.scene(), drawing.draw()[0]
        found = []
        for thing in (scene.first, scene.second):
            near = hue_distance(picture, COLORS[thing.color]) < 12
            if scene.first.color == scene.second.color:
                half = np.indices(near.shape)[1 if scene.relation == "left" else 0] < 32
                near &= half if thing is scene.first else ~half
            y, x = np.nonzero(near)
            assert (np.ptp(x) > 18.5) == (thing.size == "large"), thing
            found.append((x.mean(), y.mean()))
        axis = 0 if scene.relation == "left" else 1
        assert found[0][axis] + 15 < found[1][axis]


def test_every_reference_says_the_scene(source):
    """Four ways to say it, all different, all exactly right, from either thing."""
    for sample in source.samples[:100]:
        assert len(set(sample.captions)) == 4
        assert {scene_of(sentence) for sentence in sample.captions} == {sample.media.scene()}
        assert all(exactly_right(sentence, sample.captions) for sentence in sample.captions)


def test_sentences_can_begin_with_the_larger_thing(source):
    """Two of the four ways: from the large one where sizes differ, otherwise from the left or upper one."""
    told = Shapes(train=200, dev=0, test=0, begin="larger").samples
    for sample, free in zip(told, source.samples[:200], strict=True):
        assert sample.media == free.media
        assert set(sample.captions) < set(free.captions)
        assert len(sample.captions) == 2
        for caption in sample.captions:
            sizes = [word for word in caption.split() if word in ("small", "large")]
            assert sizes != ["small", "large"]
            assert sizes[0] != sizes[1] or any(
                word in caption.split() for word in ("left", "above", "over")
            )


def test_shapes_differ_in_their_pixels():
    """Every two shapes of one size, color and place differ in more than a few pixels, also when small."""
    pictures = [
        paint(
            [Placed(Thing("small", "red", shape), 0.5, 0.5, RADII["small"], (255, 0, 0))], 48, 255
        ).astype(int)
        for shape in SHAPES
    ]
    for first, second in combinations(pictures, 2):
        assert (np.abs(first - second).max(axis=-1) > 60).sum() >= 8


RIGHT = ["a small red cross left of a large blue circle"]


@pytest.mark.parametrize(
    "sentence",
    [
        "A small red cross to the left of a large blue circle.",
        "the large blue circle is right of the small red cross",
        " a  small red cross left of a large blue circle ",
    ],
)
def test_other_wordings_are_right(sentence):
    """Case, end point, articles, spaces, order and synonyms."""
    assert exactly_right(sentence, RIGHT)


@pytest.mark.parametrize(
    "sentence",
    [
        "a large red cross left of a large blue circle",
        "a small red cross right of a large blue circle",
        "a small red cross above a large blue circle",
        "a small blue cross left of a large red circle",
        "a large blue circle left of a small red cross",
        "a small red cross",
        "a small red cross left of a large blue circle circle",
        "",
        "a small red cross left of a large blue",
    ],
)
def test_one_wrong_attribute_is_wrong(sentence):
    """Also what is incomplete, or says more."""
    assert not exactly_right(sentence, RIGHT)


def test_shuffled_captions_share_few_phrases(source):
    """BLEU-4 of other pictures' captions stays below 0.4, so that a captioner that does not look is found out."""
    from nltk.translate.bleu_score import corpus_bleu

    references = [
        [sentence.split() for sentence in sample.captions] for sample in source.samples[:400]
    ]
    random = np.random.default_rng(0)
    hypotheses = [several[random.integers(4)] for several in references]
    assert corpus_bleu(references, hypotheses) == 1
    assert (
        corpus_bleu(references, [hypotheses[position] for position in random.permutation(400)])
        < 0.35
    )


@pytest.mark.parametrize("pixels", [16, 64, 200])
def test_any_size_can_be_drawn(pixels):
    """The same scene, smaller or larger."""
    picture = Drawing(0, "test", 3, pixels).draw()
    assert picture.shape == (1, pixels, pixels, 3)
    small = [
        np.asarray(
            Image.fromarray(Drawing(0, "test", 3, size).draw()[0]).resize(
                (16, 16), Image.Resampling.BOX
            )
        ).astype(int)
        for size in (64, pixels)
    ]
    assert np.abs(small[0] - small[1]).mean() < 4
