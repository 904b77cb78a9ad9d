"""Colored shapes drawn with Pillow, for the built-in sources."""

from __future__ import annotations

import colorsys
import math
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

COLORS = {
    "red": (219, 0, 0),
    "orange": (247, 111, 0),
    "yellow": (247, 232, 12),
    "green": (16, 158, 28),
    "cyan": (22, 210, 217),
    "blue": (34, 72, 224),
    "purple": (131, 48, 191),
    "pink": (250, 125, 198),
}
SHAPES = ("circle", "square", "triangle", "cross", "ring", "diamond")
RADII = {"small": 0.115, "large": 0.19}

# Pairs of color and shape that training never shows. Of any color one at most is missing: with fewer colors and shapes, either foretells the other, and little is composed.
HELD_OUT = {
    "train": frozenset(),
    "dev": frozenset({("pink", "circle"), ("cyan", "square")}),
    "test": frozenset(
        {
            ("red", "circle"),
            ("green", "square"),
            ("blue", "triangle"),
            ("yellow", "cross"),
            ("purple", "ring"),
            ("orange", "diamond"),
        }
    ),
}

# A thing in a sentence: size, color and shape.
THING = rf"(?:an?|the) ({'|'.join(RADII)}) ({'|'.join(COLORS)}) ({'|'.join(SHAPES)})"

# Everything is drawn this much larger and averaged down, for smooth edges.
FINER = 3


class Thing(NamedTuple):
    """A shape with its looks."""

    size: str
    color: str
    shape: str

    def __str__(self) -> str:
        return f"a {self.size} {self.color} {self.shape}"


class Placed(NamedTuple):
    """A thing at a place: `x`, `y` and `radius` as fractions of the picture, `color` as it is painted."""

    thing: Thing
    x: float
    y: float
    radius: float
    color: tuple[int, int, int]


def two_things(random: np.random.Generator, split: str) -> tuple[Thing, Thing]:
    """Things of different color or shape, in any order; outside training one of them is a pair that training never shows."""
    first, second = _thing(random, HELD_OUT[split] or _known()), _thing(random, _known())
    while (second.color, second.shape) == (first.color, first.shape):
        second = _thing(random, _known())
    return (second, first) if random.random() < 0.5 else (first, second)


def plain(sentence: str) -> str:
    """Lower case, single spaces, no end points."""
    return " ".join(sentence.lower().replace(".", " ").split())


def placed(thing: Thing, at: tuple[float, float], random: np.random.Generator) -> Placed:
    """A thing with a little chance in its size and its shade."""
    radius = RADII[thing.size] * random.uniform(0.92, 1.08)
    return Placed(thing, *at, radius, _shade(COLORS[thing.color], random))


def paint(things: list[Placed], pixels: int, background: int) -> np.ndarray:
    """A picture (pixels, pixels, 3) uint8; later things cover earlier ones."""
    side = pixels * FINER
    canvas = Image.new("RGB", (side, side), (background,) * 3)
    brush = ImageDraw.Draw(canvas)
    for thing in things:
        x, y, radius = thing.x * side, thing.y * side, thing.radius * side
        if thing.thing.shape in {"circle", "ring"}:
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=thing.color)
            if thing.thing.shape == "ring":
                hole = 0.55 * radius
                brush.ellipse((x - hole, y - hole, x + hole, y + hole), fill=(background,) * 3)
        else:
            for outline in _outlines(thing.thing.shape, x, y, radius):
                brush.polygon(outline, fill=thing.color)
    return np.asarray(canvas.reduce(FINER))


def _known() -> frozenset[tuple[str, str]]:
    return frozenset((color, shape) for color in COLORS for shape in SHAPES).difference(
        *HELD_OUT.values()
    )


def _thing(random: np.random.Generator, pairs: frozenset[tuple[str, str]]) -> Thing:
    color, shape = sorted(pairs)[random.integers(len(pairs))]
    return Thing(tuple(RADII)[random.integers(len(RADII))], color, shape)


def _shade(color: tuple[int, int, int], random: np.random.Generator) -> tuple[int, int, int]:
    """A darker, paler or slightly turned color: one word for many, as in photographs."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(part / 255 for part in color))
    turned = (hue + random.uniform(-6, 6) / 360) % 1
    shade = colorsys.hsv_to_rgb(
        turned,
        min(1.0, saturation * random.uniform(0.8, 1.05)),
        min(1.0, value * random.uniform(0.72, 1.05)),
    )
    return tuple(round(255 * part) for part in shade)


def _outlines(shape: str, x: float, y: float, radius: float) -> list[list[tuple[float, float]]]:
    if shape == "square":
        half = radius * 0.9
        return [_box(x, y, half, half)]
    if shape == "cross":
        return [_box(x, y, radius, radius * 0.3), _box(x, y, radius * 0.3, radius)]
    if shape == "diamond":
        across, tall = radius * 0.92, radius * 1.15
        return [[(x, y - tall), (x + across, y), (x, y + tall), (x - across, y)]]
    angles = (-math.pi / 2, math.pi / 6, 5 * math.pi / 6)
    return [
        [
            (x + 1.15 * radius * math.cos(angle), y + 1.15 * radius * (math.sin(angle) + 0.2))
            for angle in angles
        ]
    ]


def _box(x: float, y: float, half_width: float, half_height: float) -> list[tuple[float, float]]:
    return [
        (x - half_width, y - half_height),
        (x + half_width, y - half_height),
        (x + half_width, y + half_height),
        (x - half_width, y + half_height),
    ]
