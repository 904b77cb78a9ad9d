"""Heat maps over images, and images of rows of tiles with text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

LEVELS = (0.0, 0.35, 0.65, 1.0)
"""Weights, as shares of the largest, of the colors in `COLORS`."""
COLORS = np.array(
    [[20, 20, 110, 100], [0, 170, 190, 105], [250, 220, 0, 130], [225, 20, 0, 150]], "float64"
)
"""RGB colors and opacities from cold (blue) to hot (red)."""
FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf", "Arial.ttf")
"""Fonts of many scripts, in the order of preference; without them, Pillow has one for Latin."""
TILE, GAP, TEXT, NAME_WIDTH = 160, 8, 15, 100
"""Longest side of a tile, distances, size of the text and width of the names, in pixels."""


class TileRow(NamedTuple):
    """A row of an image of tiles.

    Attributes:
        name: text to the left of the tiles.
        tiles: images of the same size.
        labels: texts below the tiles; may be empty.
    """

    name: str
    tiles: Sequence[Image.Image]
    labels: Sequence[str] = ()


def relative_weights(weights: np.ndarray, peak: float | None = None) -> np.ndarray:
    """Return weights as shares of the largest, from 0 to 1.

    Args:
        weights: map (h, w). NaN, infinity and negative numbers count as 0.
        peak: the weight that becomes 1; None for the largest of the map.
    """
    weights = np.nan_to_num(np.asarray(weights, "float64"), nan=0.0, posinf=0.0, neginf=0.0).clip(0)
    peak = weights.max(initial=0.0) if peak is None else peak
    return (weights / (peak or 1.0)).clip(0, 1)


def heat_pixels(weights: np.ndarray, peak: float | None = None) -> np.ndarray:
    """Return a map as translucent colors (h, w, 4) uint8; the arguments are as in `heat_map`."""
    shares = relative_weights(weights, peak)
    channels = [np.interp(shares, LEVELS, channel) for channel in COLORS.T]
    return np.stack(channels, axis=-1).round().astype("uint8")


def heat_map(
    frame: np.ndarray, weights: np.ndarray | None = None, peak: float | None = None
) -> Image.Image:
    """Return a frame as a tile, overlaid with a map.

    Args:
        frame: RGB pixels (H, W, 3) uint8.
        weights: map (h, w), enlarged to the frame; None for no map.
        peak: the weight that is hottest; None for the largest of the map.
    """
    height, width = frame.shape[:2]
    share = TILE / max(height, width)
    size = max(1, round(width * share)), max(1, round(height * share))
    tile = Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC)
    if weights is None:
        return tile
    shares = Image.fromarray(relative_weights(weights, peak).astype("float32"))
    enlarged = np.asarray(shares.resize(size, Image.Resampling.BILINEAR))
    overlay = Image.fromarray(heat_pixels(enlarged, 1.0))
    return Image.alpha_composite(tile.convert("RGBA"), overlay).convert("RGB")


def tile_sheet(title: str, rows: Sequence[TileRow]) -> Image.Image:
    """Return an image of a title above rows of tiles.

    Args:
        title: text above the rows, wrapped to their width.
        rows: the rows, from top to bottom.
    """
    font = _font()
    left = GAP + (NAME_WIDTH if any(row.name for row in rows) else 0)
    columns = max((len(row.tiles) for row in rows), default=0)
    width = max(left + columns * (TILE + GAP), 3 * TILE)
    lines = textwrap.wrap(_visible(title), max(1, int((width - 2 * GAP) / (0.6 * TEXT))))
    top = GAP + len(lines) * (TEXT + GAP)
    heights = [_row_height(row) for row in rows]
    sheet = Image.new("RGB", (width, top + sum(heights) + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for number, line in enumerate(lines):
        draw.text((GAP, GAP + number * (TEXT + GAP)), line, "black", font)
    for row, height in zip(rows, heights, strict=True):
        for number, line in enumerate(textwrap.wrap(_visible(row.name), 11)):
            draw.text((GAP, top + number * (TEXT + 4)), line, "black", font)
        for column, tile in enumerate(row.tiles):
            sheet.paste(tile, (left + column * (TILE + GAP), top))
        for column, label in enumerate(row.labels):
            center = left + column * (TILE + GAP) + row.tiles[column].width // 2
            bottom = top + row.tiles[column].height + 4
            text = textwrap.shorten(_visible(label), 18, placeholder="…") or _visible(label)[:17]
            draw.text((center, bottom), text, "black", font, anchor="ma")
        top += height
    return sheet


def _row_height(row: TileRow) -> int:
    tallest = max((tile.height for tile in row.tiles), default=TEXT)
    return tallest + GAP + (TEXT + GAP if any(row.labels) else 0)


def _visible(text: str) -> str:
    """Return a text with a question mark for each character that cannot be printed."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the first font of `FONTS` on this machine, or the font of Pillow."""
    for name in FONTS:
        try:
            return ImageFont.truetype(name, TEXT)
        except OSError:
            continue
    return ImageFont.load_default(TEXT)
