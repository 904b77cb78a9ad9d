"""Explanations of predictions as JSON objects with images, for the web page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from lrcn_seq.report.thumbnail import attention_url, heat_url, jpeg_url

if TYPE_CHECKING:
    from lrcn_seq.report import Explanation

SIDE, BYTES = 448, 60_000
"""Longest side of a frame in pixels, and the size of its file."""
TARGET_LENGTH = 1000
"""The largest number of characters of a caption or class to explain."""


def explanation_row(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as a JSON object.

    The frames are those that the encoder sees, a few of them for a clip. An overlay is a
    translucent image of the size of the map, to be enlarged over its frame.

    Args:
        explanation: the explanation.

    Returns:
        `{"text", "words", "times", "frames", "overlay", "overlays", "peaks"}`, with `frames` (S)
        and `overlays` (L, S) as `data:` URLs. `overlay` is the kind of overlay: `attention` if the
        decoder has it, otherwise `Grad-CAM`. `peaks` (L, 3) are the places of the largest weights:
        the index in `frames`, and x and y as shares of the width and height.
    """
    steps = explanation.shown_steps
    attention = explanation.attention
    maps = explanation.maps if attention is None else attention
    url: Callable[..., str] = heat_url if attention is None else attention_url
    return {
        "text": explanation.text,
        "words": list(explanation.words),
        "times": [explanation.times[step] for step in steps] if explanation.times else [],
        "frames": [_frame_url(explanation.frames[step]) for step in steps],
        "overlay": "Grad-CAM" if attention is None else "attention",
        "overlays": [
            [url(word[step], peak=float(word[steps].max(initial=0.0))) for step in steps]
            for word in maps
        ],
        "peaks": [_peak(word[steps]) for word in maps],
    }


def _peak(maps: np.ndarray) -> list[float]:
    """Return the place of the largest weight of maps (S, h, w): step, and the center x and y."""
    step, row, column = np.unravel_index(np.argmax(np.nan_to_num(maps)), maps.shape)
    _, height, width = maps.shape
    return [int(step), float((column + 0.5) / width), float((row + 0.5) / height)]


def _frame_url(frame: np.ndarray) -> str:
    """Return a frame as the `data:` URL of a JPEG file."""
    return jpeg_url(Image.fromarray(np.asarray(frame, "uint8")), side=SIDE, limit=BYTES)
