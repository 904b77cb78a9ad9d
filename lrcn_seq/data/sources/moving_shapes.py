"""Built in: clips of shapes that move one after the other, with a label and sentences, drawn on demand from a seed.

Only the order of the frames tells the answer: any two clips that differ in directions, or in which thing comes first, are made of
the same kinds of frames, so whoever looks at frames one by one can do no better than chance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal, NamedTuple

import numpy as np
from annotated_types import Ge

from lrcn_seq.data.sources._drawing import THING, Thing, paint, placed, plain, two_things
from lrcn_seq.data.sources.base import SPLITS, Source, checked
from lrcn_seq.records import NotNegative, Sample
from lrcn_seq.registry import sources

VERSION = 2
DIRECTIONS = ("left", "right")
FIRST_THEN = re.compile(
    rf"{THING} moves (left|right) (?:and then|then|before) {THING} moves (left|right)"
)
AFTER = re.compile(rf"{THING} moves (left|right) after {THING} moves (left|right)")


class Move(NamedTuple):
    """A thing and where it goes."""

    thing: Thing
    direction: str

    def __str__(self) -> str:
        return f"{self.thing} moves {self.direction}"


class Story(NamedTuple):
    """Two moves, one after the other."""

    first: Move
    second: Move

    def sentences(self, *, begin: str = "any") -> tuple[str, ...]:
        """All ways to say it, or those that begin with what comes first."""
        in_order = f"{self.first} then {self.second}", f"{self.first} before {self.second}"
        return in_order if begin == "first" else (*in_order, f"{self.second} after {self.first}")


class Film(NamedTuple):
    """One clip, drawn when asked for: each thing crosses the picture in `steps` to `steps` + 2 frames."""

    seed: int
    split: str
    number: int
    pixels: int
    steps: int

    @property
    def key(self) -> str:
        return f"moving_shapes-{VERSION}/{self.seed}/{self.split}/{self.number}/{self.pixels}/{self.steps}"

    def story(self) -> Story:
        return self._story(self._random())

    def draw(self) -> np.ndarray:
        """(T, pixels, pixels, 3) uint8."""
        random = self._random()
        story, background = self._story(random), int(random.integers(215, 256))
        return np.concatenate([_crossing(move, random, self, background) for move in story])

    def _story(self, random: np.random.Generator) -> Story:
        things = two_things(random, self.split)
        return Story(*(Move(thing, DIRECTIONS[random.integers(2)]) for thing in things))

    def _random(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, SPLITS.index(self.split), self.number, 1])


@sources.register
class MovingShapes(Source):
    """Clips of two moves. The label is the two directions ("left right", say): four classes, chance is a quarter.

    Args:
        train, dev, test: how many clips of each split; dev and test show pairs of color and shape that training never shows.
        begin: what sentences begin with; `any` adds those with "after", whose teller must know what it has not said yet.
        steps: frames that a move takes at least; lengths vary.
        pixels: height and width.
    """

    def __init__(
        self,
        train: NotNegative = 1200,
        dev: NotNegative = 150,
        *,
        test: NotNegative = 150,
        seed: NotNegative = 0,
        pixels: Annotated[int, Ge(16)] = 48,
        steps: Annotated[int, Ge(2)] = 4,
        begin: Literal["any", "first"] = "any",
    ):
        films = [
            Film(seed, split, number, pixels, steps)
            for split, count in zip(SPLITS, (train, dev, test), strict=True)
            for number in range(count)
        ]
        self.samples = checked((_sample(film, begin) for film in films), "moving_shapes")


def story_of(sentence: str) -> Story | None:
    """What a sentence of this grammar says, or None for any other; case, the end point and articles do not matter."""
    text = plain(sentence)
    for pattern, order in ((FIRST_THEN, 1), (AFTER, -1)):
        match = pattern.fullmatch(text)
        if match:
            moves = [
                Move(Thing(*match.groups()[at : at + 3]), match.groups()[at + 3]) for at in (0, 4)
            ]
            return Story(*moves[::order])
    return None


def exactly_right(sentence: str, references: Iterable[str]) -> bool:
    """Whether a sentence tells both moves in their order, with every attribute, as the references do, in any wording."""
    story = story_of(sentence)
    return story is not None and story in {story_of(reference) for reference in references}


def _sample(film: Film, begin: str) -> Sample:
    name, story = f"{film.split}-{film.number:05d}", film.story()
    return Sample(
        name,
        film,
        name,
        film.split,
        story.sentences(begin=begin),
        f"{story.first.direction} {story.second.direction}",
    )


def _crossing(move: Move, random: np.random.Generator, film: Film, background: int) -> np.ndarray:
    count = film.steps + int(random.integers(3))
    height, thing = random.uniform(0.25, 0.75), placed(move.thing, (0.5, 0.5), random)
    places = np.linspace(0.2, 0.8, count)[:: 1 if move.direction == "right" else -1]
    return np.stack(
        [paint([thing._replace(x=float(x), y=height)], film.pixels, background) for x in places]
    )


MovingShapes.exactly_right = staticmethod(exactly_right)
