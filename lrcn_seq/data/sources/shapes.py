"""Built in: pictures of two colored shapes with sentences from a small grammar, drawn on demand from a seed.

Some pairs of color and shape are kept out of training: every test picture shows one that training never showed
(and dev another), so that it must be composed of what is known. A sentence can be judged exactly: `exactly_right`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal, NamedTuple

import numpy as np
from annotated_types import Ge

from lrcn_seq.data.sources._drawing import THING, Placed, Thing, paint, placed, plain, two_things
from lrcn_seq.data.sources.base import SPLITS, Source, checked
from lrcn_seq.records import NotNegative, Sample
from lrcn_seq.registry import sources

VERSION = 2

WORDINGS = {
    "left": ("left of", "to the left of"),
    "right": ("right of", "to the right of"),
    "above": ("above", "over"),
    "below": ("below", "under"),
}
OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}
SENTENCE = re.compile(
    rf"{THING} (?:is )?({'|'.join(wording for wordings in WORDINGS.values() for wording in wordings)}) {THING}"
)


class Scene(NamedTuple):
    """Two things; the first is left of or above the second."""

    first: Thing
    relation: str
    second: Thing

    def sentences(self) -> tuple[str, ...]:
        """All ways to say it: from either thing, in either wording."""
        forth = [f"{self.first} {wording} {self.second}" for wording in WORDINGS[self.relation]]
        back = [
            f"{self.second} {wording} {self.first}" for wording in WORDINGS[OPPOSITE[self.relation]]
        ]
        return (*forth, *back)

    def sentences_from_larger(self) -> tuple[str, ...]:
        """The ways that begin with the larger thing; of equals, with the left or upper one."""
        ways = self.sentences()
        return ways[2:] if (self.first.size, self.second.size) == ("small", "large") else ways[:2]


class Drawing(NamedTuple):
    """One picture, drawn when asked for."""

    seed: int
    split: str
    number: int
    pixels: int

    @property
    def key(self) -> str:
        return f"shapes-{VERSION}/{self.seed}/{self.split}/{self.number}/{self.pixels}"

    def scene(self) -> Scene:
        return _scene(self._random(), self.split)

    def draw(self) -> np.ndarray:
        """(1, pixels, pixels, 3) uint8."""
        random = self._random()
        things = _arranged(_scene(random, self.split), random)
        return paint(things, self.pixels, int(random.integers(215, 256)))[None]

    def _random(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, SPLITS.index(self.split), self.number])


@sources.register
class Shapes(Source):
    """Pictures of two shapes.

    Args:
        train, dev, test: how many pictures of each split.
        seed: other pictures for another seed; the held-out pairs stay.
        pixels: height and width.
        begin: where sentences begin: with `any` of the two (four sentences), or with the `larger`, of equals the left or upper one (two).
    """

    def __init__(
        self,
        train: NotNegative = 2000,
        dev: NotNegative = 200,
        *,
        test: NotNegative = 200,
        seed: NotNegative = 0,
        pixels: Annotated[int, Ge(16)] = 64,
        begin: Literal["any", "larger"] = "any",
    ):
        drawings = [
            Drawing(seed, split, number, pixels)
            for split, count in zip(SPLITS, (train, dev, test), strict=True)
            for number in range(count)
        ]
        self.samples = checked((_sample(drawing, begin) for drawing in drawings), "shapes")


def scene_of(sentence: str) -> Scene | None:
    """What a sentence of this grammar says, or None for any other; case, the end point and articles do not matter."""
    match = SENTENCE.fullmatch(plain(sentence))
    if match is None:
        return None
    first, second = Thing(*match.groups()[:3]), Thing(*match.groups()[4:])
    relation = next(name for name, wordings in WORDINGS.items() if match[4] in wordings)
    return (
        Scene(first, relation, second)
        if relation in ("left", "above")
        else Scene(second, OPPOSITE[relation], first)
    )


def exactly_right(sentence: str, references: Iterable[str]) -> bool:
    """Whether a sentence names both things with size, color and shape, and their relation, as the references do, in any wording."""
    scene = scene_of(sentence)
    return scene is not None and scene in {scene_of(reference) for reference in references}


def _sample(drawing: Drawing, begin: str) -> Sample:
    name, scene = f"{drawing.split}-{drawing.number:05d}", drawing.scene()
    return Sample(
        name,
        drawing,
        name,
        drawing.split,
        scene.sentences_from_larger() if begin == "larger" else scene.sentences(),
    )


def _scene(random: np.random.Generator, split: str) -> Scene:
    first, second = two_things(random, split)
    return Scene(first, ("left", "above")[random.integers(2)], second)


def _arranged(scene: Scene, random: np.random.Generator) -> list[Placed]:
    across = random.uniform(0.3, 0.7)
    places = [
        (middle + random.uniform(-0.04, 0.04), across + random.uniform(-0.05, 0.05))
        for middle in (0.26, 0.74)
    ]
    if scene.relation == "above":
        places = [(x, y) for y, x in places]
    return [
        placed(thing, place, random)
        for thing, place in zip((scene.first, scene.second), places, strict=True)
    ]


Shapes.exactly_right = staticmethod(exactly_right)
