"""Drawings as images and clips: the media of the built-in sources."""

from __future__ import annotations

import numpy as np

from lrcn_seq.data.media.base import PIXELS_LIMIT, name_of
from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.frame_array import FrameArray
from lrcn_seq.records import Drawable


class Drawn(FrameArray):
    """A `Drawable`, drawn anew whenever its frames are read.

    Args:
        drawing: the object that draws the frames.
        pixels_limit: a frame with more pixels is refused.
    """

    def __init__(self, drawing: Drawable, *, pixels_limit: int = PIXELS_LIMIT):
        self.name, self.pixels_limit = name_of(drawing), pixels_limit
        self._drawing = drawing

    def content_hash(self, index: ContentIndex) -> str:  # noqa: ARG002 - nothing to cache
        """Return the key of the drawing, which determines its pixels."""
        return f"drawing:{self._drawing.key}"

    def _load(self) -> np.ndarray:
        return self._drawing.draw()
