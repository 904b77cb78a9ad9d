"""Explanations of captions and classes by heat maps over the frames."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from lrcn_seq.report.heat_map import TileRow, heat_map, tile_sheet

COLUMNS = 6
"""Maximum number of tiles in a row."""


class Explanation(NamedTuple):
    """The regions of an image or clip on which a prediction depends.

    Attributes:
        file: Name of the input.
        text: The caption, or the classes.
        words: The L words of the caption, or the L classes.
        maps: Grad-CAM (L, S, h, w) of each word or class at each of S steps. It is not negative;
            divide it by its maximum for a map from 0 to 1.
        frames: The frames (S, H, W, 3) uint8 that the encoder sees.
        times: Times (S,) of the frames in seconds; empty for an image.
        attention: Attention weights (L, S, h', w') with which each word is predicted, or None.
    """

    file: str
    text: str
    words: tuple[str, ...]
    maps: np.ndarray
    frames: np.ndarray
    times: tuple[float, ...] = ()
    attention: np.ndarray | None = None

    @property
    def shown_steps(self) -> list[int]:
        """At most `COLUMNS` steps, spread evenly from the first to the last."""
        count = len(self.frames)
        steps = np.linspace(0, count - 1, min(count, COLUMNS)).round().astype(int)
        return [int(step) for step in steps]

    def tiles(self, maps: np.ndarray, word: int) -> list[Image.Image]:
        """Return the shown frames, overlaid with the maps of a word.

        Args:
            maps: `maps` or `attention`.
            word: the index of the word.
        """
        steps = self.shown_steps
        peak = float(maps[word, steps].max(initial=0.0))
        return [heat_map(self.frames[step], maps[word, step], peak) for step in steps]

    def image(self) -> Image.Image:
        """Return an image of the frames with a heat map for each word or class.

        An image has a tile per word; a clip has a row per word, with the frames over time. The
        attention is shown below the Grad-CAM.
        """
        rows = self._image_rows() if len(self.frames) == 1 else self._clip_rows()
        return tile_sheet(self.text, rows)

    def _repr_png_(self) -> bytes:
        """Return the image as a PNG file, which notebooks show."""
        file = io.BytesIO()
        self.image().save(file, "PNG")
        return file.getvalue()

    def _kinds(self) -> list[tuple[str, np.ndarray]]:
        """Return the Grad-CAM and, if there is one, the attention, with their names."""
        if self.attention is None:
            return [("", self.maps)]
        return [("Grad-CAM", self.maps), ("attention", self.attention)]

    def _image_rows(self) -> list[TileRow]:
        """Return rows of words, each with its heat map; the first tile has none."""
        labels = ["", *self.words]
        lines = [
            (name, [heat_map(self.frames[0]), *self._word_tiles(maps)])
            for name, maps in self._kinds()
        ]
        return [
            TileRow(name, tiles[first : first + COLUMNS], labels[first : first + COLUMNS])
            for first in range(0, len(labels), COLUMNS)
            for name, tiles in lines
        ]

    def _word_tiles(self, maps: np.ndarray) -> list[Image.Image]:
        return [self.tiles(maps, word)[0] for word in range(len(self.words))]

    def _clip_rows(self) -> list[TileRow]:
        """Return a row of frames, and a row of heat maps for each word."""
        steps = self.shown_steps
        times: Sequence[str] = [f"{self.times[step]:.2f} s" for step in steps] if self.times else ()
        rows = [TileRow("", [heat_map(self.frames[step]) for step in steps], times)]
        for index, word in enumerate(self.words):
            for name, maps in self._kinds():
                label = word if maps is self.maps else name
                rows.append(TileRow(label, self.tiles(maps, index)))
        return rows
