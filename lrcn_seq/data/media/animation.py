"""Animated images (WebP, PNG) as clips; a still image is a clip of one frame."""

from __future__ import annotations

import os
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from lrcn_seq.data.media.base import PIXELS_LIMIT, NumberedFrame
from lrcn_seq.data.media.image import StillImage, fit
from lrcn_seq.data.media.image_errors import image_errors
from lrcn_seq.data.media.image_file import SUPPORTED_FORMATS, no_pillow_limit
from lrcn_seq.errors import MediaError
from lrcn_seq.files import open_file
from lrcn_seq.records import Preprocessing

FORMATS = frozenset({"WEBP", "PNG", "GIF", "AVIF"})
"""Pillow formats in which several images are the frames of an animation; in TIFF they are pages."""
SHORTEST, DEFAULT = 0.011, 0.1
"""Frames with a duration below SHORTEST seconds are shown for DEFAULT seconds, as in browsers."""


class AnimatedImage(StillImage):
    """An image file with all frames of its animation.

    Args:
        path: the file.
        pixels_limit: an image with more pixels is refused before it is decoded.
        checked: see `StillImage`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        pixels_limit: int = PIXELS_LIMIT,
        checked: bool = False,
    ):
        super().__init__(path, pixels_limit=pixels_limit, checked=checked)
        self.path, self.times_key = Path(path), "animation"

    def times(self) -> np.ndarray:
        """Decode all frames, and return the time of each: the sum of all earlier durations."""
        if not self._is_animated():
            return super().times()
        with self._open() as image:
            durations = [_duration(frame) for frame in _frames(image)]
        return np.cumsum([0.0, *durations[:-1]])

    def existing_frames(
        self, numbers: AbstractSet[int] | None, preprocessing: Preprocessing | None
    ) -> Iterator[NumberedFrame]:
        """Yield the requested frames; decoding stops after the last one."""
        if not self._is_animated():
            yield from super().existing_frames(numbers, preprocessing)
            return
        with self._open() as image:
            for number, frame in enumerate(_frames(image)):
                if numbers is None or number in numbers:
                    yield number, fit(self._finished(frame, None), preprocessing)
                if numbers is not None and number == max(numbers):
                    return

    def _is_animated(self) -> bool:
        try:
            with self._open() as image:
                return image.format in FORMATS and getattr(image, "is_animated", False)
        except MediaError:
            return False  # StillImage raises the error, unless only metadata is damaged

    @contextmanager
    def _open(self) -> Iterator[Image.Image]:
        with image_errors(self.name, self.path), open_file(self.path) as file:
            with no_pillow_limit():
                image = Image.open(file, formats=SUPPORTED_FORMATS)
            self._check_size(image.size)
            yield image


def _frames(image: Image.Image) -> Iterator[Image.Image]:
    """Load and yield each frame of an image, except the fallback image of an animated PNG."""
    for number in range(getattr(image, "default_image", False), image.n_frames):  # type: ignore[attr-defined]
        image.seek(number)
        image.load()
        yield image


def _duration(image: Image.Image) -> float:
    """Return the duration of the current frame in seconds."""
    duration = float(image.info.get("duration", 0)) / 1000
    return duration if duration >= SHORTEST else DEFAULT
