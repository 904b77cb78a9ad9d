"""The interface of media: an image, clip or sequence of vectors that reads its own frames."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

import numpy as np
from PIL import Image

from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Drawable, Preprocessing
from lrcn_seq.terminal import print_note

PIXELS_LIMIT = 100_000_000
"""The default limit on the number of pixels of an image or frame."""
SECONDS_LIMIT = 6 * 3600.0
"""The default limit on the length of a clip."""

FRAME_RATE = 25.0
"""Frames per second of clips without a frame rate: folders, arrays, drawings, vectors."""

NOTES_KEPT = 1000
"""Number of notes that are remembered, so that they are not printed again."""

NumberedFrame = tuple[int, np.ndarray]
"""The number of a frame, counted from 0, and its pixels (H, W, 3) uint8."""

TimedFrame = tuple[float, np.ndarray]
"""The time of a frame in seconds from the first frame, and its pixels (H, W, 3) uint8."""

SelectFrame = Callable[[int, float, float | None], bool]
"""A function that returns whether a frame is selected, given its number, its time and the time of
the next frame, which is None for the last frame."""


class Media(ABC):
    """One image, clip or sequence of vectors.

    Attributes:
        name: the name used in messages.
        times_key: the version of the algorithm of `times`, which is part of the cache key of its
            result; None if the result is not cached.
        live: whether the media may be long or endless, so that streaming must not call `times`,
            which reads all of it.
    """

    name: str
    times_key: str | None = None
    live: bool = False

    @abstractmethod
    def content_hash(self, index: ContentIndex) -> str:
        """Return a hash of the content, independent of where it is stored.

        Args:
            index: the cache of file hashes.

        Raises:
            MediaError: a file is missing or unreadable.
        """

    @abstractmethod
    def times(self) -> np.ndarray:
        """Return the time of each frame, (F,) in seconds from the first; [0] for an image.

        Raises:
            MediaError: the media cannot be read.
        """

    @abstractmethod
    def existing_frames(
        self, numbers: AbstractSet[int] | None, preprocessing: Preprocessing | None
    ) -> Iterator[NumberedFrame]:
        """Yield the requested frames that exist, in ascending order; stop decoding after the last.

        Args:
            numbers: the requested frame numbers; None for all frames.
            preprocessing: size and resize rule; None keeps the original size.

        Raises:
            MediaError: while iterating, if the media cannot be read.
        """

    def frames(
        self,
        preprocessing: Preprocessing | None,
        numbers: Sequence[int] | np.ndarray | None = None,
    ) -> np.ndarray:
        """Return the requested frames (T, H, W, 3) uint8, in the order of `numbers`.

        Args:
            preprocessing: size and resize rule; None keeps the original size, which must be the
                same for all frames.
            numbers: (T,) frame numbers, in any order; None for all frames.

        Raises:
            MediaError: the media cannot be read or has too few frames.
        """
        order = None if numbers is None else np.asarray(numbers, int).tolist()
        frames = dict(self.existing_frames(None if order is None else set(order), preprocessing))
        order = list(frames) if order is None else order
        if set(order) - frames.keys():
            raise self._too_short(max(order))
        return np.stack([frames[number] for number in order])

    def iter_frames(
        self, numbers: np.ndarray, preprocessing: Preprocessing
    ) -> Iterator[NumberedFrame]:
        """Yield frames with their numbers, decoding each frame on demand.

        Args:
            numbers: (T,) frame numbers, ascending.
            preprocessing: size and resize rule.

        Raises:
            MediaError: while iterating, if the media cannot be read or has too few frames.
        """
        last = -1
        for last, frame in self.existing_frames(set(numbers.tolist()), preprocessing):
            yield last, frame
        if last < numbers[-1]:
            raise self._too_short(int(numbers[-1]))

    def stream_frames(
        self, select: SelectFrame, preprocessing: Preprocessing | None
    ) -> Iterator[TimedFrame]:
        """Yield the selected frames with their times, in constant memory.

        A frame of a video is yielded as soon as the next frame is decoded.

        Args:
            select: called for each frame in order; returns whether the frame is selected.
            preprocessing: size and resize rule; None keeps the original size.

        Raises:
            MediaError: while iterating, if the media cannot be read.
        """
        times: list[float] = self.times().tolist()
        next_times = [*times[1:], None]
        numbers = {
            n for n, pair in enumerate(zip(times, next_times, strict=True)) if select(n, *pair)
        }
        for number, frame in self.existing_frames(numbers, preprocessing) if numbers else ():
            yield times[number], frame

    def _too_short(self, number: int) -> MediaError:
        """Return the error for a frame number beyond the end of a clip."""
        return MediaError(
            self.name,
            f"expected a frame number {number} (from 0). Received: fewer frames; "
            "the file was truncated or replaced.",
        )


def check_length(name: str, seconds: float, limit: float) -> None:
    """Raise MediaError if a clip is too long.

    Args:
        name: the name of the clip in messages.
        seconds: the time of a frame of the clip.
        limit: the largest time of a frame.
    """
    if seconds > limit:
        raise MediaError(
            name,
            f"expected at most {limit:g} seconds of video. Received: more; cut the video.",
        )


MediaSource = str | os.PathLike[str] | Drawable | Image.Image | np.ndarray | Media
"""The sources of media: a path, a drawing, a PIL image, an array, or media that are open."""


def name_of(source: MediaSource) -> str:
    """Return the name of a media source for messages."""
    if isinstance(source, Media):
        return source.name
    if isinstance(source, (str, os.PathLike)):
        return str(source)
    if isinstance(source, Drawable):
        return f"drawing {source.key}"
    return "the given array" if isinstance(source, np.ndarray) else "the given image"


@lru_cache(NOTES_KEPT)
def print_media_note(name: str, note: str) -> None:
    """Print a note about a media file on stderr, unless it is one of the latest notes."""
    print_note(f"{name}: {note}")
