"""Colored objects drawn with Pillow for the built-in sources."""

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

# Combinations of color and shape that occur only in one split. Each color is held out in at most
# one shape; otherwise, the color would predict the shape in training.
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
IN_TRAINING = frozenset((color, shape) for color in COLORS for shape in SHAPES).difference(
    *HELD_OUT.values()
)

# Matches an object in a caption; the groups are size, color and shape.
OBJECT_PATTERN = rf"(?:an?|the) ({'|'.join(RADII)}) ({'|'.join(COLORS)}) ({'|'.join(SHAPES)})"

# Images are drawn at this multiple of their size and averaged down, for smooth edges.
SUPERSAMPLING = 3

Point = tuple[float, float]
Color = tuple[int, int, int]


class SceneObject(NamedTuple):
    """The attributes of an object, as captions name them."""

    size: str
    color: str
    shape: str

    def __str__(self) -> str:
        return f"a {self.size} {self.color} {self.shape}"


class PlacedObject(NamedTuple):
    """An object in an image.

    `x`, `y` (the center) and `radius` are fractions of the image; `color` is the drawn RGB color.
    """

    object: SceneObject
    x: float
    y: float
    radius: float
    color: Color


def sample_objects(random: np.random.Generator, split: str) -> tuple[SceneObject, SceneObject]:
    """Return two objects that differ in color or shape, in random order.

    In dev and test, one object has a combination of color and shape held out for that split.
    """
    first = _sample_object(random, HELD_OUT[split] or IN_TRAINING)
    second = _sample_object(random, IN_TRAINING)
    while (second.color, second.shape) == (first.color, first.shape):
        second = _sample_object(random, IN_TRAINING)
    return (second, first) if random.random() < 0.5 else (first, second)


def normalize_caption(caption: str) -> str:
    """Return a caption in lower case with single spaces and without periods."""
    return " ".join(caption.lower().replace(".", " ").split())


def place_object(scene_object: SceneObject, at: Point, random: np.random.Generator) -> PlacedObject:
    """Place an object at a point with small random variations of its radius and color."""
    radius = RADII[scene_object.size] * random.uniform(0.92, 1.08)
    return PlacedObject(scene_object, *at, radius, _vary_color(COLORS[scene_object.color], random))


def paint(objects: list[PlacedObject], pixels: int, background: int) -> np.ndarray:
    """Draw objects in order, each over the previous ones.

    Args:
        objects: The objects.
        pixels: The height and width of the image.
        background: The gray level of the background.

    Returns:
        An image (pixels, pixels, 3) uint8.
    """
    side = pixels * SUPERSAMPLING
    canvas = Image.new("RGB", (side, side), (background,) * 3)
    draw = ImageDraw.Draw(canvas)
    for placed in objects:
        shape = placed.object.shape
        x, y, radius = placed.x * side, placed.y * side, placed.radius * side
        if shape in {"circle", "ring"}:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=placed.color)
            if shape == "ring":
                hole = 0.55 * radius
                draw.ellipse((x - hole, y - hole, x + hole, y + hole), fill=(background,) * 3)
        else:
            for polygon in _polygons(shape, x, y, radius):
                draw.polygon(polygon, fill=placed.color)
    return np.asarray(canvas.reduce(SUPERSAMPLING))


def _sample_object(
    random: np.random.Generator, combinations: frozenset[tuple[str, str]]
) -> SceneObject:
    color, shape = sorted(combinations)[random.integers(len(combinations))]
    return SceneObject(tuple(RADII)[random.integers(len(RADII))], color, shape)


def _vary_color(color: Color, random: np.random.Generator) -> Color:
    """Return a color of slightly different hue, saturation and brightness."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in color))
    red, green, blue = colorsys.hsv_to_rgb(
        (hue + random.uniform(-6, 6) / 360) % 1,
        min(1.0, saturation * random.uniform(0.8, 1.05)),
        min(1.0, value * random.uniform(0.72, 1.05)),
    )
    return round(255 * red), round(255 * green), round(255 * blue)


def _polygons(shape: str, x: float, y: float, radius: float) -> list[list[Point]]:
    """Return the polygons that make up a square, cross, diamond or triangle."""
    if shape == "square":
        half = radius * 0.9
        return [_rectangle(x, y, half, half)]
    if shape == "cross":
        return [_rectangle(x, y, radius, radius * 0.3), _rectangle(x, y, radius * 0.3, radius)]
    if shape == "diamond":
        half_width, half_height = radius * 0.92, radius * 1.15
        return [
            [(x, y - half_height), (x + half_width, y), (x, y + half_height), (x - half_width, y)]
        ]
    angles = (-math.pi / 2, math.pi / 6, 5 * math.pi / 6)
    return [
        [
            (x + 1.15 * radius * math.cos(angle), y + 1.15 * radius * (math.sin(angle) + 0.2))
            for angle in angles
        ]
    ]


def _rectangle(x: float, y: float, half_width: float, half_height: float) -> list[Point]:
    return [
        (x - half_width, y - half_height),
        (x + half_width, y - half_height),
        (x + half_width, y + half_height),
        (x - half_width, y + half_height),
    ]
