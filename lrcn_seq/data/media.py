"""What a sample's media is, and the one place that turns it into frames (T, H, W, 3)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lrcn_seq.data.flow import flow_in_order, neighbors
from lrcn_seq.data.pictures import PIXELS_LIMIT, fit, read_picture
from lrcn_seq.data.video import (
    FOLDER_RATE,
    PICTURE_SUFFIXES,
    ends_before,
    read_numbers,
    read_times,
    read_wanted,
)
from lrcn_seq.data.views.base import View
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Modality, Preprocessing


def read_frames(
    media: Any,
    preprocessing: Preprocessing,
    *,
    numbers: np.ndarray | None = None,
    view: View | None = None,
    random: np.random.Generator | None = None,
    modality: Modality = "rgb",
    pixels_limit: int = PIXELS_LIMIT,
) -> np.ndarray:
    """Frames (T, height, width, 3) uint8 of a picture, a drawing or a video; T = 1 for a picture.

    Args:
        media: a path, a drawing, a PIL image, or an array (H, W, 3) or (T, H, W, 3).
        numbers: which frames of a clip, (T,). None takes a path for a picture, and all frames of a drawing or an array.
        view: how training looks at it; None reads the whole.
        random: decides the view. Without it the first of the test views is taken.
        modality: `flow` gives pictures of the motion from each frame to the next (see `flow_in_order`).

    Raises:
        MediaError: it cannot be read.
        MissingPackageError: flow is wanted and OpenCV is not installed.
    """
    frames = _read(media, enlarged(preprocessing, view), numbers, modality, pixels_limit)
    size = (preprocessing.height, preprocessing.width)
    if view is None:
        return frames
    return (
        view.test(frames, size, modality=modality)[0]
        if random is None
        else view.train(frames, size, random, modality=modality)
    )


def read_views(
    media: Any,
    preprocessing: Preprocessing,
    view: View,
    *,
    numbers: np.ndarray | None = None,
    modality: Modality = "rgb",
    pixels_limit: int = PIXELS_LIMIT,
) -> list[np.ndarray]:
    """All test views of one clip or picture, each (T, height, width, 3) uint8; it is decoded once."""
    frames = _read(media, enlarged(preprocessing, view), numbers, modality, pixels_limit)
    return view.test(frames, (preprocessing.height, preprocessing.width), modality=modality)


def frames_in_order(
    media: Any,
    numbers: np.ndarray,
    preprocessing: Preprocessing,
    *,
    modality: Modality = "rgb",
    pixels_limit: int = PIXELS_LIMIT,
) -> Iterator[tuple[int, np.ndarray]]:
    """Frames (height, width, 3) uint8 of these ascending numbers, each with its number; a video is decoded as they are asked for.

    Raises:
        MediaError: while iterating, when it cannot be read or ends before.
    """
    if not _is_video(media):
        yield from zip(
            numbers.tolist(),
            read_frames(
                media, preprocessing, numbers=numbers, modality=modality, pixels_limit=pixels_limit
            ),
            strict=True,
        )
        return
    last, wanted = -1, set(numbers.tolist())
    frames = read_wanted(
        media,
        wanted if modality == "rgb" else neighbors(wanted),
        preprocessing,
        pixels_limit=pixels_limit,
    )
    for last, frame in frames if modality == "rgb" else flow_in_order(frames, wanted):
        yield last, frame
    if last < numbers[-1]:
        raise ends_before(media, int(numbers[-1]))


def read_vectors(media: Any, *, width: int | None = None) -> np.ndarray:
    """Vectors (T, D) float32 of a `.npy` file or an array.

    Args:
        width: D as the encoder expects it; None takes any.

    Raises:
        MediaError: it holds none, or such of another width.
    """
    try:
        vectors = media if isinstance(media, np.ndarray) else np.load(media, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise MediaError(
            name_of(media),
            f"expected a file of vectors in NumPy's format (.npy). Received: {' '.join(str(error).split())[:120]}.",
        ) from None
    if vectors.ndim != 2 or not len(vectors) or vectors.dtype.kind not in "fiub":
        raise MediaError(
            name_of(media),
            f"expected vectors (T, D). Received: an array of shape {vectors.shape} of {vectors.dtype}.",
        )
    if width not in (None, vectors.shape[1]):
        raise MediaError(
            name_of(media),
            f"expected vectors of width {width}. Received: vectors of width {vectors.shape[1]}; set encoder.width to that of the data.",
        )
    return vectors.astype(np.float32)


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
    return preprocessing._replace(
        height=round(preprocessing.height * view.margin),
        width=round(preprocessing.width * view.margin),
    )


def name_of(media: Any) -> str:
    """What to call this media in a message."""
    if hasattr(media, "draw"):
        return f"drawing {media.key}"
    return (
        str(media)
        if isinstance(media, str) or hasattr(media, "__fspath__")
        else f"the {type(media).__name__} given"
    )


def _is_video(media: Any) -> bool:
    """Whether a path is to be read as a clip: a folder of frames, or no still picture by its suffix."""
    return not (isinstance(media, (Image.Image, np.ndarray)) or hasattr(media, "draw")) and (
        Path(media).is_dir() or Path(media).suffix.lower() not in PICTURE_SUFFIXES
    )


def _read(
    media: Any,
    preprocessing: Preprocessing,
    numbers: np.ndarray | None,
    modality: Modality,
    pixels_limit: int,
) -> np.ndarray:
    return (_read_rgb if modality == "rgb" else _read_flow)(
        media, preprocessing, numbers, pixels_limit
    )


def _read_flow(
    media: Any, preprocessing: Preprocessing, numbers: np.ndarray | None, pixels_limit: int
) -> np.ndarray:
    if numbers is None or not _is_video(media):
        frames = list(enumerate(_read_rgb(media, preprocessing, None, pixels_limit)))
        wanted = list(range(len(frames))) if numbers is None else np.asarray(numbers, int).tolist()
    else:
        wanted = np.asarray(numbers, int).tolist()
        frames = read_wanted(
            media, neighbors(set(wanted)), preprocessing, pixels_limit=pixels_limit
        )
    pictures = dict(flow_in_order(frames, set(wanted)))
    if set(wanted) - pictures.keys():
        raise ends_before(name_of(media), max(wanted))
    return np.stack([pictures[number] for number in wanted])


def _read_rgb(
    media: Any, preprocessing: Preprocessing, numbers: np.ndarray | None, pixels_limit: int
) -> np.ndarray:
    if hasattr(media, "draw") or (isinstance(media, np.ndarray) and media.ndim == 4):
        clip = media.draw() if hasattr(media, "draw") else media
        if len(clip) == 0:
            raise MediaError(name_of(media), "expected at least one frame. Received: none.")
        return np.stack(
            [
                fit(read_picture(frame, pixels_limit=pixels_limit), preprocessing)
                for frame in (clip if numbers is None else clip[numbers])
            ]
        )
    if numbers is not None and _is_video(media):
        return read_numbers(media, numbers, preprocessing, pixels_limit=pixels_limit)
    size = (preprocessing.height, preprocessing.width)
    return fit(read_picture(media, pixels_limit=pixels_limit, size=size), preprocessing)[None]
