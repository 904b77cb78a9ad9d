"""Animated images (WebP, PNG) as clips; a still image is a clip of one frame."""

from __future__ import annotations

import os
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from lrcn_seq.data.media.animated_png import composed_frames, is_animated_png, png_size
from lrcn_seq.data.media.base import (
    PIXELS_LIMIT,
    SECONDS_LIMIT,
    NumberedFrame,
    check_length,
)
from lrcn_seq.data.media.image import StillImage, fit
from lrcn_seq.data.media.image_errors import image_errors
from lrcn_seq.data.media.image_file import PNG_SIGNATURE, SUPPORTED_FORMATS, no_pillow_limit
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
        seconds_limit: a longer animation is refused.
        checked: see `StillImage`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        pixels_limit: int = PIXELS_LIMIT,
        seconds_limit: float = SECONDS_LIMIT,
        checked: bool = False,
    ):
        super().__init__(path, pixels_limit=pixels_limit, checked=checked)
        self.seconds_limit = seconds_limit
        self.path, self.times_key = Path(path), "animation2"

    def times(self) -> np.ndarray:
        """Decode all frames, and return the time of each: the sum of all earlier durations."""
        if not self._is_animated():
            return super().times()
        with self._open() as animation:
            times = [0.0]
            for _, seconds in animation or ():
                check_length(self.name, times[-1], self.seconds_limit)
                times.append(times[-1] + _shown_seconds(seconds))
        return np.array(times[:-1])

    def existing_frames(
        self, numbers: AbstractSet[int] | None, preprocessing: Preprocessing | None
    ) -> Iterator[NumberedFrame]:
        """Yield the requested frames; decoding stops after the last one."""
        if not self._is_animated():
            yield from super().existing_frames(numbers, preprocessing)
            return
        with self._open() as animation:
            for number, (frame, _) in enumerate(animation or ()):
                if numbers is None or number in numbers:
                    yield number, fit(self._finished(frame, None), preprocessing)
                if numbers is not None and number == max(numbers):
                    return

    def _is_animated(self) -> bool:
        try:
            with self._open() as animation:
                return animation is not None
        except MediaError:
            return False  # StillImage raises the error, unless only metadata is damaged

    @contextmanager
    def _open(self) -> Iterator[Iterator[tuple[Image.Image, float]] | None]:
        """Open the file; yield its loaded frames and their durations, or None for a still image."""
        with image_errors(self.name, self.path), open_file(self.path) as file:
            content = file.read() if file.read(len(PNG_SIGNATURE)) == PNG_SIGNATURE else b""
            if content:
                content = PNG_SIGNATURE + content
                self._check_size(png_size(content))
                yield composed_frames(content) if is_animated_png(content) else None
                return
            file.seek(0)
            with no_pillow_limit():
                image = Image.open(file, formats=SUPPORTED_FORMATS)
            self._check_size(image.size)
            is_animated = image.format in FORMATS and getattr(image, "is_animated", False)
            yield _frames(image) if is_animated else None


def _frames(image: Image.Image) -> Iterator[tuple[Image.Image, float]]:
    """Load and yield each frame of an image, and its duration in seconds."""
    for number in range(image.n_frames):  # type: ignore[attr-defined]
        image.seek(number)
        image.load()
        yield image, float(image.info.get("duration", 0)) / 1000


def _shown_seconds(seconds: float) -> float:
    """Return for how long browsers show a frame with a given duration."""
    return seconds if seconds >= SHORTEST else DEFAULT
