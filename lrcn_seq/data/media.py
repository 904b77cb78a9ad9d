"""What a sample's media is, and the one place that turns it into frames (T, H, W, 3)."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrcn_seq.data.pictures import PIXELS_LIMIT, fit, read_picture
from lrcn_seq.data.views.base import View
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing


def read_frames(
    media: Any, preprocessing: Preprocessing, *, view: View | None = None, random: np.random.Generator | None = None, pixels_limit: int = PIXELS_LIMIT
) -> np.ndarray:
    """Frames (T, height, width, 3) uint8 of a picture or drawing; T = 1 for a picture.

    Args:
        media: a path, a drawing, a PIL image, or an array (H, W, 3) or (T, H, W, 3).
        view: how training looks at it; None reads the whole.
        random: decides the view. Without it the first of the test views is taken.

    Raises:
        MediaError: it cannot be read.
    """
    frames = _read(media, enlarged(preprocessing, view), pixels_limit)
    size = (preprocessing.height, preprocessing.width)
    if view is None:
        return frames
    return view.test(frames, size)[0] if random is None else view.train(frames, size, random)


def read_views(media: Any, preprocessing: Preprocessing, view: View, *, pixels_limit: int = PIXELS_LIMIT) -> list[np.ndarray]:
    """All test views of one picture or drawing, each (T, height, width, 3) uint8; it is decoded once."""
    return view.test(_read(media, enlarged(preprocessing, view), pixels_limit), (preprocessing.height, preprocessing.width))


def enlarged(preprocessing: Preprocessing, view: View | None) -> Preprocessing:
    """The size to read at, so that a view has room to crop."""
    if view is None or view.margin == 1:
        return preprocessing
    return preprocessing._replace(height=round(preprocessing.height * view.margin), width=round(preprocessing.width * view.margin))


def name_of(media: Any) -> str:
    """What to call this media in a message."""
    if hasattr(media, "draw"):
        return f"drawing {media.key}"
    return str(media) if isinstance(media, str) or hasattr(media, "__fspath__") else f"the {type(media).__name__} given"


def _read(media: Any, preprocessing: Preprocessing, pixels_limit: int) -> np.ndarray:
    if hasattr(media, "draw") or (isinstance(media, np.ndarray) and media.ndim == 4):
        clip = media.draw() if hasattr(media, "draw") else media
        if len(clip) == 0:
            raise MediaError(name_of(media), "expected at least one frame. Received: none.")
        return np.stack([fit(read_picture(frame, pixels_limit=pixels_limit), preprocessing) for frame in clip])
    size = (preprocessing.height, preprocessing.width)
    return fit(read_picture(media, pixels_limit=pixels_limit, size=size), preprocessing)[None]
