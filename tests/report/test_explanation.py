"""The record of an explanation, and its image."""

import io

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.report import Explanation
from lrcn_seq.report.heat_map import TILE


def explanation(*, words=("a", "dog"), steps=1, attention=False) -> Explanation:
    """Return an explanation with random maps (L, S, 2, 2) of black frames."""
    maps = np.random.default_rng(0).random((len(words), steps, 2, 2))
    return Explanation(
        file="a.jpg",
        text=" ".join(words),
        words=words,
        maps=maps,
        frames=np.zeros((steps, 8, 8, 3), "uint8"),
        times=tuple(range(steps)) if steps > 1 else (),
        attention=maps if attention else None,
    )


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ({"words": ()}, 1),
        ({"words": ("a",) * 5}, 1),
        ({"words": ("a",) * 6}, 2),
        ({"words": ("a",) * 6, "attention": True}, 4),
        ({"steps": 3}, 3),
        ({"steps": 3, "attention": True}, 5),
    ],
)
def test_rows_of_the_image(options, rows):
    """An image has six tiles in a row, a clip a row per word; attention doubles the rows."""
    height = explanation(**options).image().height
    assert rows * TILE < height < (rows + 1) * TILE + 150


def test_shown_steps_are_spread_over_the_clip():
    """Six steps of a clip are shown, evenly spread from the first to the last."""
    assert explanation(steps=11).shown_steps == [0, 2, 4, 6, 8, 10]
    assert explanation(steps=2).shown_steps == [0, 1]


def test_frames_of_a_word_share_their_scale():
    """The hottest of the shown frames is red, and a frame with smaller weights is not."""
    maps = np.array([[[[0.1]], [[1.0]]]])
    cold, hot = explanation(words=("a",), steps=2)._replace(maps=maps).tiles(maps, 0)
    assert hot.getpixel((80, 80))[0] > 100 > cold.getpixel((80, 80))[0]


def test_a_notebook_shows_the_image():
    """The representation in notebooks is the image as a PNG file."""
    found = explanation()
    assert Image.open(io.BytesIO(found._repr_png_())).size == found.image().size
