"""Checks and names of the inputs of `predict`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from lrcn_seq.config import Config
from lrcn_seq.errors import ArgumentError, Problem


def check_media_list(media: Any) -> None:
    """Raise ArgumentError if `media` is a single path, image or clip instead of a list."""
    single = isinstance(media, (str, bytes)) or not isinstance(media, (Sequence, np.ndarray))
    if single or getattr(media, "ndim", 4) < 4:
        raise ArgumentError(
            "media: expected a list of paths, PIL images or arrays. Received: "
            f"{type(media).__name__}; put a single input in a list."
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
