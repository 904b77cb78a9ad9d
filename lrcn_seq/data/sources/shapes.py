"""Built-in images of two colored objects with captions from a small grammar.

Images are drawn on demand from a seed. Each image of dev and test contains a combination of color
and shape that does not occur in training, so a captioner has to compose it. The grammar allows an
exact evaluation of captions: `Shapes.is_correct_caption`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal, NamedTuple

import numpy as np
from annotated_types import Ge, Le

from lrcn_seq.data.sources._drawing import (
    OBJECT_PATTERN,
    PlacedObject,
    SceneObject,
    normalize_caption,
    paint,
    place_object,
    sample_objects,
)
from lrcn_seq.data.sources.base import SPLITS, Source, validate_samples
from lrcn_seq.records import Sample, SampleCount, Seed
from lrcn_seq.registry import sources

VERSION = 2

WORDINGS = {
    "left": ("left of", "to the left of"),
    "right": ("right of", "to the right of"),
    "above": ("above", "over"),
    "below": ("below", "under"),
}
OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}
RELATION_PATTERN = "|".join(wording for wordings in WORDINGS.values() for wording in wordings)
CAPTION = re.compile(rf"{OBJECT_PATTERN} (?:is )?({RELATION_PATTERN}) {OBJECT_PATTERN}")


class Scene(NamedTuple):
    """Two objects; the first is to the left of or above the second."""

    first: SceneObject
    relation: str
    second: SceneObject

    def captions(self) -> tuple[str, ...]:
        """Return all four captions, of which two begin with each object."""
        forward = (f"{self.first} {words} {self.second}" for words in WORDINGS[self.relation])
        opposite = WORDINGS[OPPOSITE[self.relation]]
        backward = (f"{self.second} {words} {self.first}" for words in opposite)
        return (*forward, *backward)

    def captions_from_larger(self) -> tuple[str, ...]:
        """Return the captions that begin with the larger object, or the first of equal ones."""
        captions = self.captions()
        second_is_larger = (self.first.size, self.second.size) == ("small", "large")
        return captions[2:] if second_is_larger else captions[:2]


class Drawing(NamedTuple):
    """An image drawn on demand."""

    seed: int
    split: str
    number: int
    pixels: int

    @property
    def key(self) -> str:
        """The identifier of the pixels, for the feature store."""
        return f"shapes-{VERSION}/{self.seed}/{self.split}/{self.number}/{self.pixels}"

    def scene(self) -> Scene:
        """Return the objects in the image and their relation."""
        return _sample_scene(self._random(), self.split)

    def draw(self) -> np.ndarray:
        """Return the image as one frame (1, pixels, pixels, 3) uint8."""
        random = self._random()
        objects = _place_objects(_sample_scene(random, self.split), random)
        return paint(objects, self.pixels, int(random.integers(215, 256)))[None]

    def _random(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, SPLITS.index(self.split), self.number])


@sources.register
class Shapes(Source):
    """Images of two colored objects.

    Args:
        train: The number of images in train.
        dev: The number of images in dev.
        test: The number of images in test.
        seed: Another seed gives other images; the held-out combinations stay the same.
        pixels: The height and width of the images.
        begin: The object that captions begin with: `any` gives four captions, `larger` two, which
            begin with the larger object (of equal ones, the left or upper one).
    """

    def __init__(
        self,
        train: SampleCount = 2000,
        dev: SampleCount = 200,
        *,
        test: SampleCount = 200,
        seed: Seed = 0,
        pixels: Annotated[int, Ge(16), Le(2048)] = 64,
        begin: Literal["any", "larger"] = "any",
    ):
        drawings = [
            Drawing(seed, split, number, pixels)
            for split, count in zip(SPLITS, (train, dev, test), strict=True)
            for number in range(count)
        ]
        samples = (_sample(drawing, begin) for drawing in drawings)
        self.samples = validate_samples(samples, "shapes")

    @staticmethod
    def is_correct_caption(caption: str, references: Iterable[str]) -> bool:
        """Return whether a caption describes the scene of the references completely.

        The caption must name both objects with size, color and shape, and their relation, in any
        wording of the grammar.
        """
        scene = parse_scene(caption)
        return scene is not None and scene in {parse_scene(reference) for reference in references}


def parse_scene(caption: str) -> Scene | None:
    """Return the scene that a caption describes, or None if it does not follow the grammar.

    Case, periods and the choice of articles are ignored.
    """
    match = CAPTION.fullmatch(normalize_caption(caption))
    if match is None:
        return None
    first, second = SceneObject(*match.groups()[:3]), SceneObject(*match.groups()[4:])
    relation = next(name for name, wordings in WORDINGS.items() if match[4] in wordings)
    if relation in ("left", "above"):
        return Scene(first, relation, second)
    return Scene(second, OPPOSITE[relation], first)


def _sample(drawing: Drawing, begin: str) -> Sample:
    name, scene = f"{drawing.split}-{drawing.number:05d}", drawing.scene()
    captions = scene.captions_from_larger() if begin == "larger" else scene.captions()
    return Sample(id=name, media=drawing, group=name, split=drawing.split, captions=captions)


def _sample_scene(random: np.random.Generator, split: str) -> Scene:
    first, second = sample_objects(random, split)
    return Scene(first, ("left", "above")[random.integers(2)], second)


def _place_objects(scene: Scene, random: np.random.Generator) -> list[PlacedObject]:
    """Return the objects of a scene at random places that agree with their relation."""
    across = random.uniform(0.3, 0.7)
    points = [
        (along + random.uniform(-0.04, 0.04), across + random.uniform(-0.05, 0.05))
        for along in (0.26, 0.74)
    ]
    if scene.relation == "above":
        points = [(x, y) for y, x in points]
    return [
        place_object(scene_object, point, random)
        for scene_object, point in zip((scene.first, scene.second), points, strict=True)
    ]
