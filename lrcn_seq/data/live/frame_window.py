"""A window of live video: the newest frames of a stream, as media that a task can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import numpy as np

from lrcn_seq.data.media.base import Media, NumberedFrame
from lrcn_seq.data.media.content_index import ContentIndex, hash_pixels
from lrcn_seq.records import Preprocessing


class LiveFrame(NamedTuple):
    """A frame of live video.

    Attributes:
        number: number of the frame among those that were received, from 1.
        time: time in seconds from the first frame of the source.
        arrival: time of arrival, in seconds of `time.monotonic`.
        pixels: the frame as (H, W, 3) uint8, for each size and resize rule of the encoders.
    """

    number: int
    time: float
    arrival: float
    pixels: Mapping[Preprocessing, np.ndarray]


class FrameWindow(Media):
    """The frames of a window. Times count from its first frame, as those of a file with them.

    Args:
        name: the name of the source.
        kept: the frames, at least one.
    """

    def __init__(self, name: str, kept: Sequence[LiveFrame]):
        self.name, self.kept = name, kept

    def content_hash(self, index: ContentIndex) -> str:  # noqa: ARG002 - nothing to cache
        """Return the hash of the pixels."""
        return hash_pixels(np.stack([next(iter(frame.pixels.values())) for frame in self.kept]))

    def times(self) -> np.ndarray:
        """Return the times of all frames."""
        return np.array([frame.time - self.kept[0].time for frame in self.kept])

    def existing_frames(
        self, numbers: AbstractSet[int] | None, preprocessing: Preprocessing | None
    ) -> Iterator[NumberedFrame]:
        """Yield the requested frames, which were resized when they were received.

        Args:
            numbers: the requested frame numbers; None for all frames.
            preprocessing: one of the sizes and resize rules for which the window was kept.

        Raises:
            KeyError: while iterating, if the window was not kept for this size.
        """
        for number, frame in enumerate(self.kept):
            if numbers is None or number in numbers:
                yield number, frame.pixels[preprocessing]  # type: ignore[index]  # see Raises
