"""Arrays of frames as clips."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

import numpy as np

from lrcn_seq.data.media.base import FRAME_RATE, PIXELS_LIMIT, Media, NumberedFrame, name_of
from lrcn_seq.data.media.content_index import ContentIndex, hash_pixels
from lrcn_seq.data.media.image import StillImage
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing


class FrameArray(Media):
    """An array (T, H, W, 3) uint8 as a clip of 25 frames per second.

    Args:
        pixels: the frames.
        pixels_limit: a frame with more pixels is refused.
    """

    def __init__(self, pixels: np.ndarray, *, pixels_limit: int = PIXELS_LIMIT):
        self.name, self.pixels_limit = name_of(pixels), pixels_limit
        self._pixels = pixels

    def content_hash(self, index: ContentIndex) -> str:  # noqa: ARG002 - nothing to cache
        """Return the hash of the pixels."""
        return hash_pixels(self._pixels)

    def times(self) -> np.ndarray:
        """Return the times of all frames."""
        return np.arange(len(self.pixels())) / FRAME_RATE

    def existing_frames(
        self, numbers: AbstractSet[int] | None, preprocessing: Preprocessing | None
    ) -> Iterator[NumberedFrame]:
        """Yield the requested frames, resized."""
        for number, pixels in enumerate(self.pixels()):
            if numbers is None or number in numbers:
                frame = StillImage(pixels, pixels_limit=self.pixels_limit)
                yield number, frame.frames(preprocessing)[0]

    def pixels(self) -> np.ndarray:
        """Return the original frames (T, H, W, 3) uint8; raise MediaError if there are none."""
        pixels = self._load()
        if len(pixels) == 0:
            raise MediaError(self.name, "expected at least one frame. Received: none.")
        return pixels

    def _load(self) -> np.ndarray:
        return self._pixels
