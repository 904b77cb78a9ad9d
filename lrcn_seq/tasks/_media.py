"""Checks and names of the inputs of `predict` and `fit`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from lrcn_seq.config import Config
from lrcn_seq.data.media import MediaKind
from lrcn_seq.errors import ArgumentError, MediaError, Problem, SearchError
from lrcn_seq.records import Drawable, Prediction, Predictions
from lrcn_seq.search.base import NO_SENTENCE

SINGLE_DIMENSIONS: dict[MediaKind, int] = {"images": 3, "clips": 4, "vectors": 2}
"""Largest number of dimensions of the array of a single input."""
PIXEL_KINDS: tuple[MediaKind, ...] = ("images", "clips")
ON_ERROR = ("raise", "record")


class MediaList(NamedTuple):
    """Inputs as a list, and whether a single input was given instead of a list."""

    media: list[Any]
    is_single: bool


def media_list(media: Any, kind: MediaKind) -> MediaList:
    """Return one or many inputs as a list.

    Args:
        media: a path, a PIL image, an array or a tensor, or an iterable of them. An array of one
            dimension more than a single input, such as images (N, H, W, 3), contains N inputs.
        kind: the kind of the inputs, which determines the dimensions of a single one.

    Raises:
        ArgumentError: the argument is of another type.
    """
    samples = getattr(media, "samples", None)
    if samples is not None:
        return MediaList([sample.media for sample in samples], False)
    if isinstance(media, (str, os.PathLike, Image.Image, Drawable)):
        return MediaList([media], True)
    if hasattr(media, "__array__"):
        array = np.asarray(media)
        if array.dtype.kind in "USO":
            return MediaList([_item(item, kind) for item in array.reshape(-1)], array.ndim == 0)
        is_single = array.ndim <= SINGLE_DIMENSIONS[kind]
        return MediaList(
            [_item(item, kind) for item in ([array] if is_single else array)], is_single
        )
    if isinstance(media, (bytes, dict)) or not isinstance(media, Iterable):
        raise ArgumentError(
            "media: expected a path, a PIL image, an array, or a list of them. Received: "
            f"{type(media).__name__}."
        )
    return MediaList([_item(item, kind) for item in media], False)


def _item(item: Any, kind: MediaKind) -> Any:
    """Convert tensors to arrays, numbers from 0 to 255 to uint8 pixels, and bytes to paths."""
    if isinstance(item, bytes):
        return os.fsdecode(item)
    if isinstance(item, (str, os.PathLike, Image.Image, Drawable)):
        return item
    if not hasattr(item, "__array__"):
        return item
    array = np.asarray(item)
    is_other = array.dtype.kind in "fiu" and array.dtype not in (np.uint8, np.uint16)
    return _pixels(array) if kind in PIXEL_KINDS and is_other else array


def _pixels(array: np.ndarray) -> np.ndarray:
    """Return an array of numbers from 0 to 255 as pixels of uint8.

    Other arrays, such as images with values from 0 to 1, are returned unchanged, and refused when
    they are read.
    """
    lowest, highest = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
    is_scaled = 0 < highest <= 1
    if is_scaled or not (lowest >= 0 and highest <= 255):
        return array
    return np.rint(array).astype(np.uint8)


def finish_predictions(predictions: Iterable[Prediction], inputs: MediaList, on_error: str) -> Any:
    """Return the predictions of inputs, or the prediction of a single input.

    Args:
        predictions: one prediction per input.
        inputs: the inputs.
        on_error: `raise` or `record`.

    Raises:
        MediaError, SearchError: an input could not be predicted and `on_error` is `raise`.
    """
    finished = Predictions()
    for prediction in predictions:
        if prediction.error == NO_SENTENCE and on_error == "raise":
            raise SearchError(f"{prediction.file}: {NO_SENTENCE}")
        if prediction.error is not None and on_error == "raise":
            raise MediaError(prediction.file, prediction.error)
        finished.append(prediction)
    return finished[0] if inputs.is_single else finished


def check_on_error(on_error: str) -> None:
    """Raise ArgumentError unless `on_error` is `raise` or `record`."""
    if on_error not in ON_ERROR:
        raise ArgumentError(
            f"on_error: expected 'raise' or 'record'. Received: on_error={on_error!r}."
        )


def prediction_name(media: Sequence[Any], position: int, first: int = 0) -> str:
    """Return the name of a prediction: the path of its input, or the number of the input.

    Args:
        media: all inputs, or a batch of them.
        position: the position in `media`.
        first: the number of the first input of `media`.
    """
    item = media[position]
    return os.fspath(item) if isinstance(item, (str, os.PathLike)) else str(first + position)


def sampling_problems(config: Config) -> list[Problem]:
    """Return a problem if a config for videos lacks `data.sampling`."""
    if config.data.sampling:
        return []
    return [
        Problem(
            "data.sampling",
            "missing: choose the frames of a video, for example {type: uniform, frames: 16}.",
        )
    ]
