"""Built-in clips of two objects that move one after the other, with a label and captions.

Clips are drawn on demand from a seed. The directions and the order of the moves show only in the
order of the frames: clips that differ in them consist of the same kinds of frames. A model that
ignores the order of the frames predicts the label no better than chance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal, NamedTuple

import numpy as np
from annotated_types import Ge, Le

from lrcn_seq.data.sources._drawing import (
    OBJECT_PATTERN,
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
DIRECTIONS = ("left", "right")
MOVE_PATTERN = rf"{OBJECT_PATTERN} moves (left|right)"
IN_ORDER = re.compile(rf"{MOVE_PATTERN} (?:and then|then|before) {MOVE_PATTERN}")
REVERSED = re.compile(rf"{MOVE_PATTERN} after {MOVE_PATTERN}")


class Move(NamedTuple):
    """An object and the direction of its movement."""

    object: SceneObject
    direction: str

    def __str__(self) -> str:
        return f"{self.object} moves {self.direction}"


class Story(NamedTuple):
    """Two consecutive moves."""

    first: Move
    second: Move

    def captions(self, *, begin: str = "any") -> tuple[str, ...]:
        """Return all captions, or only those that begin with the first move."""
        in_order = f"{self.first} then {self.second}", f"{self.first} before {self.second}"
        return in_order if begin == "first" else (*in_order, f"{self.second} after {self.first}")


class Film(NamedTuple):
    """A clip drawn on demand; each object crosses the image in `steps` to `steps` + 2 frames."""

    seed: int
    split: str
    number: int
    pixels: int
    steps: int

    @property
    def key(self) -> str:
        """The identifier of the pixels, for the feature store."""
        numbers = f"{self.number}/{self.pixels}/{self.steps}"
        return f"moving_shapes-{VERSION}/{self.seed}/{self.split}/{numbers}"

    def story(self) -> Story:
        """Return the moves in the clip."""
        return self._sample_story(self._random())

    def draw(self) -> np.ndarray:
        """Return the frames (T, pixels, pixels, 3) uint8."""
        random = self._random()
        story, background = self._sample_story(random), int(random.integers(215, 256))
        return np.concatenate([_draw_move(move, random, self, background) for move in story])

    def _sample_story(self, random: np.random.Generator) -> Story:
        first, second = sample_objects(random, self.split)
        return Story(Move(first, _direction(random)), Move(second, _direction(random)))

    def _random(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, SPLITS.index(self.split), self.number, 1])


@sources.register
class MovingShapes(Source):
    """Clips of two moves, labeled with both directions, such as "left right" (four classes).

    Dev and test contain combinations of color and shape that training does not contain.

    Args:
        train: The number of clips in train.
        dev: The number of clips in dev.
        test: The number of clips in test.
        seed: Another seed gives other clips; the held-out combinations stay the same.
        pixels: The height and width of the frames.
        steps: The minimum number of frames of a move.
        begin: The move that captions begin with. `any` adds captions with "after", which begin
            with the second move; `first` gives only captions that begin with the first.
    """

    def __init__(
        self,
        train: SampleCount = 1200,
        dev: SampleCount = 150,
        *,
        test: SampleCount = 150,
        seed: Seed = 0,
        pixels: Annotated[int, Ge(16), Le(2048)] = 48,
        steps: Annotated[int, Ge(2), Le(1000)] = 4,
        begin: Literal["any", "first"] = "any",
    ):
        films = [
            Film(seed, split, number, pixels, steps)
            for split, count in zip(SPLITS, (train, dev, test), strict=True)
            for number in range(count)
        ]
        self.samples = validate_samples((_sample(film, begin) for film in films), "moving_shapes")

    @staticmethod
    def is_correct_caption(caption: str, references: Iterable[str]) -> bool:
        """Return whether a caption describes both moves of the references in their order.

        The caption must name every attribute and both directions, in any wording of the grammar.
        """
        story = parse_story(caption)
        return story is not None and story in {parse_story(reference) for reference in references}


def parse_story(caption: str) -> Story | None:
    """Return the moves that a caption describes, or None if it does not follow the grammar.

    Case, periods and the choice of articles are ignored.
    """
    text = normalize_caption(caption)
    in_order = IN_ORDER.fullmatch(text)
    match = in_order or REVERSED.fullmatch(text)
    if match is None:
        return None
    words = match.groups()
    moves = Move(SceneObject(*words[:3]), words[3]), Move(SceneObject(*words[4:7]), words[7])
    return Story(*moves) if in_order else Story(*moves[::-1])


def _sample(film: Film, begin: str) -> Sample:
    name, story = f"{film.split}-{film.number:05d}", film.story()
    return Sample(
        id=name,
        media=film,
        group=name,
        split=film.split,
        captions=story.captions(begin=begin),
        label=f"{story.first.direction} {story.second.direction}",
    )


def _direction(random: np.random.Generator) -> str:
    return DIRECTIONS[random.integers(2)]


def _draw_move(move: Move, random: np.random.Generator, film: Film, background: int) -> np.ndarray:
    """Return the frames (T, pixels, pixels, 3) of an object that crosses the image."""
    count = film.steps + int(random.integers(3))
    height = random.uniform(0.25, 0.75)
    placed = place_object(move.object, (0.5, height), random)
    places = np.linspace(0.2, 0.8, count)[:: 1 if move.direction == "right" else -1]
    frames = [paint([placed._replace(x=float(x))], film.pixels, background) for x in places]
    return np.stack(frames)
