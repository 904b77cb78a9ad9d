"""Built-in images of two objects: drawing, captions, and judgment of captions."""

import pickle

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.sources import registry
from lrcn_seq.data.sources._drawing import COLORS, HELD_OUT, SceneObject
from lrcn_seq.data.sources.shapes import Drawing, Scene, Shapes, parse_scene


@pytest.fixture(scope="module")
def source() -> Shapes:
    return registry.build({"type": "shapes", "train": 600, "dev": 80, "test": 80})


def combinations(sample) -> set[tuple[str, str]]:
    """Return the combinations of color and shape in an image."""
    scene = sample.media.scene()
    return {(item.color, item.shape) for item in (scene.first, scene.second)}


def in_split(source: Shapes, split: str) -> list[set[tuple[str, str]]]:
    return [combinations(source[position]) for position in source.split(split)]


def test_backgrounds_are_gray_levels_from_215_to_255():
    """Backgrounds have gray levels from 215 to 255."""
    corners = [Drawing(0, "train", number, 48).draw()[0, 0, 0] for number in range(400)]
    assert {tuple(corner.tolist()) for corner in corners} == {(n, n, n) for n in range(215, 256)}


def test_splits_have_the_requested_sizes(source):
    """The splits have the requested sizes, and all IDs are different."""
    assert [len(source.split(name)) for name in ("train", "dev", "test")] == [600, 80, 80]
    assert len({sample.id for sample in source}) == 760


def test_training_contains_no_held_out_combination(source):
    """Held-out combinations of color and shape do not occur in the training split."""
    assert not set().union(*in_split(source, "train")) & (HELD_OUT["dev"] | HELD_OUT["test"])


@pytest.mark.parametrize(("split", "other"), [("dev", "test"), ("test", "dev")])
def test_dev_and_test_images_contain_a_held_out_combination(source, split, other):
    """Every image of dev and test has a combination that is held out for its split."""
    images = in_split(source, split)
    assert all(pairs & HELD_OUT[split] for pairs in images)
    assert not set().union(*images) & HELD_OUT[other]


def test_training_contains_the_parts_of_held_out_combinations(source):
    """Each color and shape of a held-out combination occurs in other combinations in training."""
    pairs = set().union(*in_split(source, "train"))
    for color, shape in HELD_OUT["dev"] | HELD_OUT["test"]:
        assert len({s for c, s in pairs if c == color}) >= 3
        assert len({c for c, s in pairs if s == shape}) >= 3


def test_images_depend_on_their_key_alone(source):
    """Images with equal keys have equal pixels."""
    drawing = source[17].media
    copy = pickle.loads(pickle.dumps(drawing))
    assert copy.key == drawing.key == "shapes-2/0/train/17/64"
    np.testing.assert_array_equal(copy.draw(), drawing.draw())


def test_another_seed_gives_another_image(source):
    """An image with another seed has other pixels and another key."""
    drawing = source[17].media
    other = drawing._replace(seed=1)
    assert (other.draw() != drawing.draw()).any()
    assert other.key != drawing.key


def test_keys_are_unique(source):
    """The keys of all images of a source are different."""
    assert len({sample.media.key for sample in source}) == len(source)


def test_a_larger_source_begins_with_the_same_images(source):
    """A larger source begins with the images of a smaller source."""
    assert [sample.captions for sample in Shapes(train=10, dev=0, test=0)] == [
        sample.captions for sample in source[:10]
    ]


def hue_distance(image: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Return each pixel's hue distance (H, W) in degrees from a color; 180 for gray pixels."""
    hue, saturation, _ = np.moveaxis(
        np.asarray(Image.fromarray(image).convert("HSV")).astype(int), -1, 0
    )
    expected = Image.new("RGB", (1, 1), color).convert("HSV").getpixel((0, 0))[0]
    turn = np.abs(hue - expected) * 360 / 256
    return np.where(saturation > 40, np.minimum(turn, 360 - turn), 180)


def test_images_show_their_scene():
    """The positions, sizes and colors of objects in an image are those of its scene."""
    for number in range(60):
        drawing = Drawing(0, "train", number, 64)
        scene, image = drawing.scene(), drawing.draw()[0]
        centers = []
        for item in (scene.first, scene.second):
            near = hue_distance(image, COLORS[item.color]) < 12
            if scene.first.color == scene.second.color:
                half = np.indices(near.shape)[1 if scene.relation == "left" else 0] < 32
                near &= half if item is scene.first else ~half
            y, x = np.nonzero(near)
            assert (np.ptp(x) > 18.5) == (item.size == "large"), item
            centers.append((x.mean(), y.mean()))
        axis = 0 if scene.relation == "left" else 1
        assert centers[0][axis] + 15 < centers[1][axis]


@pytest.mark.parametrize("pixels", [16, 64, 200])
def test_images_of_any_size_show_the_same(pixels):
    """An image shows the same scene at any size."""
    image = Drawing(0, "test", 3, pixels).draw()
    assert image.shape == (1, pixels, pixels, 3)
    small = [
        np.asarray(Image.fromarray(frame).resize((16, 16), Image.Resampling.BOX)).astype(int)
        for frame in (Drawing(0, "test", 3, 64).draw()[0], image[0])
    ]
    assert np.abs(small[0] - small[1]).mean() < 4


CROSS, CIRCLE = SceneObject("small", "red", "cross"), SceneObject("large", "blue", "circle")


def test_captions_of_a_scene():
    """A scene has four captions: two begin with one object and two with the other."""
    assert Scene(CROSS, "above", CIRCLE).captions() == (
        "a small red cross above a large blue circle",
        "a small red cross over a large blue circle",
        "a large blue circle below a small red cross",
        "a large blue circle under a small red cross",
    )


def test_captions_from_the_larger_object():
    """Captions can begin with the larger object or, if sizes are equal, the left or upper one."""
    for scene, first in (
        (Scene(CROSS, "left", CIRCLE), CIRCLE),
        (Scene(CIRCLE, "left", CROSS), CIRCLE),
        (Scene(CROSS, "left", CIRCLE._replace(size="small")), CROSS),
    ):
        captions = scene.captions_from_larger()
        assert len(captions) == 2
        assert set(captions) < set(scene.captions())
        assert all(caption.startswith(f"{first} ") for caption in captions)


def test_samples_have_all_captions_of_their_scene(source):
    """By default, a sample has the four captions of its scene."""
    for sample in source[:100]:
        assert sample.captions == sample.media.scene().captions()
        assert len(set(sample.captions)) == 4
        assert {parse_scene(caption) for caption in sample.captions} == {sample.media.scene()}


def test_samples_may_have_the_captions_from_the_larger_object(source):
    """With `begin="larger"`, captions change and images stay the same."""
    for sample, other in zip(Shapes(20, 0, test=0, begin="larger"), source[:20], strict=True):
        assert sample.media == other.media
        assert sample.captions == sample.media.scene().captions_from_larger()


@pytest.mark.parametrize("text", ["", "a red cross", "a dog left of a large blue circle"])
def test_other_captions_have_no_scene(text):
    """Parsing a caption outside the grammar gives None."""
    assert parse_scene(text) is None


REFERENCES = ["a small red cross left of a large blue circle"]


@pytest.mark.parametrize(
    "caption",
    [
        "A small red cross to the left of a large blue circle.",
        "the large blue circle is right of the small red cross",
        " a  small red cross left of a large blue circle ",
    ],
)
def test_other_wordings_are_correct(caption):
    """A correct caption may differ from the reference in case, period, order and synonyms."""
    assert Shapes.is_correct_caption(caption, REFERENCES)


@pytest.mark.parametrize(
    "caption",
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
def test_one_wrong_attribute_is_incorrect(caption):
    """A caption with a wrong attribute, missing words or additional words is incorrect."""
    assert not Shapes.is_correct_caption(caption, REFERENCES)


def test_captions_of_other_images_have_a_low_bleu(source):
    """Captions of other images have a BLEU-4 below 0.35."""
    from nltk.translate.bleu_score import corpus_bleu

    references = [[caption.split() for caption in sample.captions] for sample in source[:400]]
    random = np.random.default_rng(0)
    hypotheses = [captions[random.integers(4)] for captions in references]
    shuffled = [hypotheses[position] for position in random.permutation(400)]
    assert corpus_bleu(references, hypotheses) == 1
    assert corpus_bleu(references, shuffled) < 0.35
