"""Heat maps over images, and sheets of tiles."""

import numpy as np
from PIL import Image

from lrcn_seq.report.heat_map import (
    COLORS,
    TILE,
    TileRow,
    heat_map,
    heat_pixels,
    relative_weights,
    tile_sheet,
)

GRAY = np.full((40, 80, 3), 128, "uint8")


def test_weights_are_shares_of_the_peak():
    """Weights are divided by the largest or by the given peak, and lie between 0 and 1."""
    assert relative_weights(np.array([[0.0, 1.0, 4.0]])).tolist() == [[0, 0.25, 1]]
    assert relative_weights(np.array([[0.0, 1.0, 4.0]]), 2.0).tolist() == [[0, 0.5, 1]]


def test_weights_that_are_not_finite_count_as_zero():
    """NaN, infinity and negative weights count as 0, also if no other weight is left."""
    assert relative_weights(np.array([[np.nan, np.inf, -3.0]])).tolist() == [[0, 0, 0]]


def test_colors_run_from_cold_to_hot():
    """The weight 0 has the first color and the largest weight the last one."""
    pixels = heat_pixels(np.array([[0.0, 2.0]]))
    assert pixels[0].tolist() == COLORS[[0, -1]].tolist()


def test_a_heat_map_is_red_where_it_is_hot():
    """The tile has the aspect ratio of the frame, and is red at the largest weight."""
    tile = heat_map(GRAY, np.array([[0.0, 0.0], [0.0, 1.0]]))
    assert tile.size == (TILE, TILE // 2)
    red, green, blue = tile.getpixel((TILE - 1, TILE // 2 - 1))
    assert red > 150 > green
    red, green, blue = tile.getpixel((0, 0))
    assert blue > red


def test_without_weights_a_tile_is_the_frame():
    """Without a map, the tile has the colors of the frame."""
    assert heat_map(GRAY).getcolors() == [(TILE * TILE // 2, (128, 128, 128))]


def test_a_sheet_contains_all_tiles():
    """A sheet has a row of tiles below the other, each with its color."""
    colors = ["red", "lime", "blue"]
    tiles = [Image.new("RGB", (TILE, TILE), color) for color in colors]
    sheet = tile_sheet("title", [TileRow("a", tiles[:2], ["x", "y"]), TileRow("b", tiles[2:])])
    found = {color: count for count, color in sheet.getcolors(1 << 20)}
    assert [found[color] for color in ((255, 0, 0), (0, 255, 0), (0, 0, 255))] == [TILE * TILE] * 3


def test_text_of_any_script_and_length():
    """Long words, other scripts, control characters and lone surrogates do not fail."""
    tile = Image.new("RGB", (TILE, TILE))
    texts = ["x" * 300, "日本語", "שלום", "a\x1b[2J\u202e", "\udcff", ""]
    for text in texts:
        assert tile_sheet(text, [TileRow(text, [tile], [text])]).width >= TILE


def test_an_empty_sheet():
    """A sheet without rows or title is a white image."""
    assert tile_sheet("", []).getcolors()[0][1] == (255, 255, 255)
