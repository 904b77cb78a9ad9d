"""Colored shapes drawn with Pillow, for the built-in sources."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

COLORS = {"red": (220, 40, 40), "green": (40, 160, 60), "blue": (50, 80, 220), "yellow": (235, 205, 40), "purple": (150, 60, 190), "orange": (240, 130, 30)}
SHAPES = ("circle", "square", "triangle", "cross")
RADII = {"small": 0.095, "large": 0.19}

# Pairs of color and shape that training never shows.
HELD_OUT = {
    "train": frozenset(),
    "dev": frozenset({("purple", "circle"), ("orange", "square")}),
    "test": frozenset({("red", "circle"), ("green", "square"), ("blue", "triangle"), ("yellow", "cross")}),
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
    """A thing with a little chance in its size and color."""
    radius = RADII[thing.size] * random.uniform(0.92, 1.08)
    color = np.clip(np.array(COLORS[thing.color]) + random.integers(-15, 16, 3), 0, 255)
    return Placed(thing, *at, radius, tuple(color.tolist()))


def paint(things: list[Placed], pixels: int, background: int) -> np.ndarray:
    """A picture (pixels, pixels, 3) uint8; later things cover earlier ones."""
    side = pixels * FINER
    canvas = Image.new("RGB", (side, side), (background,) * 3)
    brush = ImageDraw.Draw(canvas)
    for thing in things:
        x, y, radius = thing.x * side, thing.y * side, thing.radius * side
        if thing.thing.shape == "circle":
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=thing.color)
        else:
            for outline in _outlines(thing.thing.shape, x, y, radius):
                brush.polygon(outline, fill=thing.color)
    return np.asarray(canvas.reduce(FINER))


def _known() -> frozenset[tuple[str, str]]:
    return frozenset((color, shape) for color in COLORS for shape in SHAPES).difference(*HELD_OUT.values())


def _thing(random: np.random.Generator, pairs: frozenset[tuple[str, str]]) -> Thing:
    color, shape = sorted(pairs)[random.integers(len(pairs))]
    return Thing(tuple(RADII)[random.integers(len(RADII))], color, shape)


def _outlines(shape: str, x: float, y: float, radius: float) -> list[list[tuple[float, float]]]:
    if shape == "square":
        half = radius * 0.9
        return [_box(x, y, half, half)]
    if shape == "cross":
        return [_box(x, y, radius, radius * 0.3), _box(x, y, radius * 0.3, radius)]
    angles = (-math.pi / 2, math.pi / 6, 5 * math.pi / 6)
    return [[(x + 1.15 * radius * math.cos(angle), y + 1.15 * radius * (math.sin(angle) + 0.2)) for angle in angles]]


def _box(x: float, y: float, half_width: float, half_height: float) -> list[tuple[float, float]]:
    return [(x - half_width, y - half_height), (x + half_width, y - half_height), (x + half_width, y + half_height), (x - half_width, y + half_height)]
