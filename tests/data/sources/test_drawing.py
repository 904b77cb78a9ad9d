"""Drawing of colored objects."""

from itertools import combinations

import numpy as np
import pytest

from lrcn_seq.data.sources._drawing import (
    COLORS,
    HELD_OUT,
    IN_TRAINING,
    RADII,
    SHAPES,
    PlacedObject,
    SceneObject,
    normalize_caption,
    paint,
    place_object,
    sample_objects,
)

RED = (255, 0, 0)


def red(shape: str, radius: float, x: float = 0.5, y: float = 0.5) -> PlacedObject:
    return PlacedObject(SceneObject("small", "red", shape), x, y, radius, RED)


def mask(image: np.ndarray) -> np.ndarray:
    """Return the mask of red pixels in an image (H, W, 3) on a white background."""
    return image[..., 1] < 128


def test_held_out_combinations_are_not_in_training():
    """Of 48 combinations of color and shape, 40 are in train, 2 in dev and 6 in test."""
    parts = [IN_TRAINING, HELD_OUT["dev"], HELD_OUT["test"]]
    assert [len(part) for part in parts] == [40, 2, 6]
    assert frozenset().union(*parts) == {(color, shape) for color in COLORS for shape in SHAPES}


def test_each_color_is_held_out_at_most_once():
    """Each color is held out in one shape at most, so that it does not predict the shape."""
    colors = [color for part in HELD_OUT.values() for color, _ in part]
    assert len(colors) == len(set(colors)) == 8


def test_objects_print_as_noun_phrases():
    """The string of an object is its noun phrase in captions."""
    assert str(SceneObject("small", "red", "cross")) == "a small red cross"


def test_captions_are_normalized():
    """Normalization removes capitals, periods and repeated spaces."""
    assert normalize_caption(" A  small RED cross. ") == "a small red cross"


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_sampled_objects_differ_and_respect_the_split(split):
    """The two objects of an image differ, and one has a held-out combination in dev and test."""
    random = np.random.default_rng(0)
    for _ in range(300):
        pairs = [(item.color, item.shape) for item in sample_objects(random, split)]
        assert pairs[0] != pairs[1]
        assert sum(pair in HELD_OUT[split] for pair in pairs) == (split != "train")
        assert all(pair in HELD_OUT[split] | IN_TRAINING for pair in pairs)


def test_the_held_out_object_is_first_half_of_the_time():
    """The held-out object is the first one in half of the samples."""
    random = np.random.default_rng(0)
    first = [sample_objects(random, "test")[0] for _ in range(1000)]
    share = np.mean([(item.color, item.shape) in HELD_OUT["test"] for item in first])
    assert abs(share - 0.5) < 0.06


def test_placed_objects_vary_in_radius_and_color():
    """Placed objects vary in radius and color within fixed limits."""
    random = np.random.default_rng(0)
    for name, color in COLORS.items():
        placed = [
            place_object(SceneObject("large", name, "ring"), (0.2, 0.7), random) for _ in range(50)
        ]
        radii = np.array([item.radius for item in placed]) / RADII["large"]
        assert 0.92 <= radii.min() < 0.95
        assert 1.05 < radii.max() <= 1.08
        assert {(item.x, item.y) for item in placed} == {(0.2, 0.7)}
        assert len({item.color for item in placed}) > 40
        assert np.abs(np.array([item.color for item in placed]) - color).max() < 80


def test_the_brightness_of_a_color_is_limited():
    """No channel of an object's color exceeds 255."""
    random, pink = np.random.default_rng(0), SceneObject("large", "pink", "ring")
    placed = [place_object(pink, (0.5, 0.5), random) for _ in range(200)]
    assert max(item.color[0] for item in placed) == 255


def test_the_background_is_gray():
    """An image without objects has one gray level."""
    image = paint([], 20, 230)
    assert image.shape == (20, 20, 3)
    assert image.dtype == np.uint8
    assert (image == 230).all()


@pytest.mark.parametrize(
    ("shape", "area"),
    [
        ("circle", np.pi),
        ("ring", np.pi * (1 - 0.55**2)),
        ("square", 1.8**2),
        ("cross", 2 * 2 * 0.6 - 0.6**2),
        ("diamond", 2 * 0.92 * 1.15),
        ("triangle", 1.15**2 * 3 * 3**0.5 / 4),
    ],
)
def test_shapes_have_the_area_of_their_geometry(shape, area):
    """The drawn area of each shape equals its computed area within 4 %."""
    image = paint([red(shape, 0.3)], 200, 255)
    assert mask(image).sum() == pytest.approx(area * (0.3 * 200) ** 2, rel=0.04)


def test_objects_are_drawn_at_their_place():
    """Objects are drawn with their center at `x` (horizontal) and `y` (vertical)."""
    rows, columns = np.nonzero(mask(paint([red("circle", 0.1, x=0.25, y=0.75)], 100, 255)))
    assert columns.mean() == pytest.approx(25, abs=1)
    assert rows.mean() == pytest.approx(75, abs=1)


def test_later_objects_cover_earlier_ones():
    """Later objects are drawn over earlier ones."""
    small = red("circle", 0.1)._replace(color=(0, 0, 255))
    assert paint([red("circle", 0.3), small], 50, 255)[25, 25].tolist() == [0, 0, 255]
    assert paint([small, red("circle", 0.3)], 50, 255)[25, 25].tolist() == [255, 0, 0]


def test_small_shapes_differ_in_their_pixels():
    """Two shapes of the same size, color and place differ clearly in at least 8 pixels."""
    images = [paint([red(shape, RADII["small"])], 48, 255).astype(int) for shape in SHAPES]
    for first, second in combinations(images, 2):
        assert (np.abs(first - second).max(axis=-1) > 60).sum() >= 8
