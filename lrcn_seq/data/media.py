"""What a sample's media is, and the one place that turns it into frames (T, H, W, 3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lrcn_seq.data.pictures import PIXELS_LIMIT, fit, read_picture
from lrcn_seq.data.video import FOLDER_RATE, PICTURE_SUFFIXES, read_numbers, read_times
from lrcn_seq.data.views.base import View
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing


def read_frames(
    media: Any,
    preprocessing: Preprocessing,
    *,
    numbers: np.ndarray | None = None,
    view: View | None = None,
    random: np.random.Generator | None = None,
    pixels_limit: int = PIXELS_LIMIT,
) -> np.ndarray:
    """Frames (T, height, width, 3) uint8 of a picture, a drawing or a video; T = 1 for a picture.

    Args:
        media: a path, a drawing, a PIL image, or an array (H, W, 3) or (T, H, W, 3).
        numbers: which frames of a clip, (T,). None takes a path for a picture, and all frames of a drawing or an array.
        view: how training looks at it; None reads the whole.
        random: decides the view. Without it the first of the test views is taken.

    Raises:
        MediaError: it cannot be read.
    """
    frames = _read(media, enlarged(preprocessing, view), numbers, pixels_limit)
    size = (preprocessing.height, preprocessing.width)
    if view is None:
        return frames
    return view.test(frames, size)[0] if random is None else view.train(frames, size, random)


def read_views(media: Any, preprocessing: Preprocessing, view: View, *, numbers: np.ndarray | None = None, pixels_limit: int = PIXELS_LIMIT) -> list[np.ndarray]:
    """All test views of one clip or picture, each (T, height, width, 3) uint8; it is decoded once."""
    return view.test(_read(media, enlarged(preprocessing, view), numbers, pixels_limit), (preprocessing.height, preprocessing.width))


def times_of(media: Any, *, pixels_limit: int = PIXELS_LIMIT) -> np.ndarray:
    """When each frame is shown, (F,) seconds from the first; one frame at 0 for a picture. Decodes a video.

    Raises:
        MediaError: it cannot be read.
    """
    if hasattr(media, "draw") or isinstance(media, np.ndarray):
        clip = media.draw() if hasattr(media, "draw") else media
        return np.arange(len(clip) if clip.ndim == 4 else 1) / FOLDER_RATE
    if _is_video(media):
        return read_times(media, pixels_limit=pixels_limit)
    read_picture(media, pixels_limit=pixels_limit, size=(1, 1))
    return np.zeros(1)


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


def _is_video(media: Any) -> bool:
    """Whether a path is to be read as a clip: a folder of frames, or no still picture by its suffix."""
    return not isinstance(media, Image.Image) and (Path(media).is_dir() or Path(media).suffix.lower() not in PICTURE_SUFFIXES)


def _read(media: Any, preprocessing: Preprocessing, numbers: np.ndarray | None, pixels_limit: int) -> np.ndarray:
    if hasattr(media, "draw") or (isinstance(media, np.ndarray) and media.ndim == 4):
        clip = media.draw() if hasattr(media, "draw") else media
        if len(clip) == 0:
            raise MediaError(name_of(media), "expected at least one frame. Received: none.")
        return np.stack([fit(read_picture(frame, pixels_limit=pixels_limit), preprocessing) for frame in (clip if numbers is None else clip[numbers])])
    if numbers is not None and not isinstance(media, np.ndarray) and _is_video(media):
        return read_numbers(media, numbers, preprocessing, pixels_limit=pixels_limit)
    size = (preprocessing.height, preprocessing.width)
    return fit(read_picture(media, pixels_limit=pixels_limit, size=size), preprocessing)[None]
