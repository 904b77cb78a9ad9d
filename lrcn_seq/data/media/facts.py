"""Facts about media files, cached by content: frame times, and whether an image can be decoded.

The key of a fact contains the content hash and the pixel limit, because a file that is readable
under one limit may be refused under another. The key of times also contains the version of the
algorithm that computed them.
"""

from __future__ import annotations

from types import NoneType
from typing import Any

import numpy as np

from lrcn_seq.data.media.base import Media
from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.image import StillImage
from lrcn_seq.errors import MediaError

EVEN_TIMES = 1e-3
"""Frame times within this many seconds of an even spacing are stored as count and step."""
DECIMALS = 5
"""Number of decimals of other stored times, finer than the smallest distance between two frames."""


def frame_times(media: Media, index: ContentIndex, pixels_limit: int) -> np.ndarray:
    """Return `media.times()`, (F,) in seconds exact to a millisecond, cached by content.

    Raises:
        MediaError: the media cannot be read; the error may be a cached one.
    """
    name = f"times:{media.times_key}:{media.content_hash(index)}:{pixels_limit}"
    if not index.has_fact(name):
        index.add_fact(name, _times_fact(media))
    try:
        return _times_of(index.fact(name), media.name)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, MemoryError):
        # The stored fact is damaged.
        index.add_fact(name, _times_fact(media))
        return _times_of(index.fact(name), media.name)


def check_image(image: StillImage, index: ContentIndex) -> None:
    """Raise MediaError unless an image can be decoded; the result is cached by content."""
    name = f"decoded:{image.content_hash(index)}:{image.pixels_limit}"
    if not index.has_fact(name) or not isinstance(index.fact(name), (str, NoneType)):
        index.add_fact(name, _image_problem(image))
    if reason := index.fact(name):
        raise MediaError(image.name, reason)


def _times_of(fact: dict[str, Any], name: str) -> np.ndarray:
    """Return the frame times stored in a fact, or raise the MediaError stored in it."""
    if "reason" in fact:
        raise MediaError(name, str(fact["reason"]))
    if "count" in fact:
        return np.arange(int(fact["count"])) * float(fact["step"])
    return np.array(fact["times"], float)


def _times_fact(media: Media) -> dict[str, Any]:
    try:
        times = media.times()
    except MediaError as error:
        if error.transient:
            raise
        return {"reason": error.reason}
    step = float(times[-1] / max(len(times) - 1, 1))
    if np.abs(times - np.arange(len(times)) * step).max() < EVEN_TIMES:
        return {"count": len(times), "step": step}
    return {"times": np.round(times, DECIMALS).tolist()}


def _image_problem(image: StillImage) -> str | None:
    """Return why an image cannot be decoded, or None; re-raise transient errors."""
    try:
        image.times()
    except MediaError as error:
        if error.transient:
            raise
        return error.reason
    return None
