"""Optical flow as a picture: what moves where from one frame to the next (Donahue et al. 2015, section 4.1).

Red is the motion to the right and green the motion down, in pixels of the size that the encoder reads; blue is its length;
each times 16, plus 128, cut off at 0 and 255 (the released code, `create_flow_images_LRCN.m`). The paper measures motion by Brox et al. 2004,
here it is DIS (Kroeger et al. 2016, arXiv 1603.03590): of what OpenCV has, it follows fast motion where Farnebäck 2003 loses it,
in half the time. Mirrored, it differs by some hundredths of a pixel; the number of threads does not matter.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

import numpy as np

from lrcn_seq.errors import MissingPackageError

SCALE, ZERO = 16.0, 128
SMALLEST = 32  # OpenCV refuses frames smaller than its patches
IDENTITY = "flow:dis1"
"""Part of what features of flow are stored under; to be changed whenever other pixels come out."""


def flow_in_order(
    frames: Iterable[tuple[int, np.ndarray]], wanted: Container[int]
) -> Iterator[tuple[int, np.ndarray]]:
    """The motion that begins at each wanted frame, (H, W, 3) uint8 with its number, one frame behind and in constant memory.

    Args:
        frames: (H, W, 3) uint8 with ascending numbers: those of `neighbors(wanted)` that there are.
        wanted: the last frame of a video repeats the motion that led to it; a lone frame stands still.

    Raises:
        MissingPackageError: OpenCV is not installed.
    """
    number, frame, before = -1, None, None
    for later_number, later in frames:
        follows = later_number == number + 1 and frame is not None
        if follows and number in wanted:
            yield number, flow_picture(motion(frame, later))
        number, frame, before = later_number, later, frame if follows else None
    if number in wanted:
        yield number, still(frame) if before is None else flow_picture(motion(before, frame))


def neighbors(wanted: set[int]) -> set[int]:
    """The frames that the motion at these frames is measured on: each, the one after it, and the one before the last."""
    return wanted | {number + 1 for number in wanted} | {max(max(wanted) - 1, 0)}


def motion(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Where each pixel of the first frame (H, W, 3) uint8 goes: (H, W, 2) float32, right and down, in pixels.

    Raises:
        MissingPackageError: OpenCV is not installed.
    """
    try:
        import cv2
    except ImportError:
        raise MissingPackageError("opencv-python-headless", "flow", "Optical flow") from None
    height, width = first.shape[:2]
    filling = ((0, max(SMALLEST - height, 0)), (0, max(SMALLEST - width, 0)))
    gray, later = (
        np.pad(cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY), filling, mode="edge")
        for frame in (first, second)
    )
    return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(gray, later, None)[
        :height, :width
    ]


def flow_picture(flow: np.ndarray) -> np.ndarray:
    """Motion (..., H, W, 2) in pixels as a picture (..., H, W, 3) uint8."""
    length = np.sqrt((flow**2).sum(axis=-1, keepdims=True))
    return np.clip(np.rint(np.concatenate([flow, length], axis=-1) * SCALE + ZERO), 0, 255).astype(
        np.uint8
    )


def still(frame: np.ndarray) -> np.ndarray:
    """The picture of a frame that does not move."""
    return np.full_like(frame, ZERO)
