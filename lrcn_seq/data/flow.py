"""Optical flow as a picture: what moves where from one frame to the next (Donahue et al. 2015, section 4.1).

Red is the motion to the right and green the motion down, in pixels of the size that the encoder reads; blue is its length;
each times 16, plus 128, cut off at 0 and 255 (the released code, `create_flow_images_LRCN.m`). The paper measures motion by Brox et al. 2004,
here it is DIS (Kroeger et al. 2016, arXiv 1603.03590): of what OpenCV has, it follows fast motion where Farnebäck 2003 loses it,
in half the time. Mirrored, it differs by some hundredths of a pixel; the number of threads does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from lrcn_seq.errors import MissingPackageError

SCALE, ZERO = 16.0, 128
SMALLEST = 32  # OpenCV refuses frames smaller than its patches
IDENTITY = "flow:dis1"
"""Part of what features of flow are stored under; to be changed whenever other pixels come out."""


def flow_pictures(frames: Mapping[int, np.ndarray], numbers: Sequence[int]) -> np.ndarray:
    """The motion that begins at each of these frame numbers, (T, H, W, 3) uint8.

    Args:
        frames: (H, W, 3) uint8 by their number: those asked for, each with the next one, and with the one before where a video ends.
        numbers: the last frame of a video repeats the motion that led to it; a lone frame stands still.

    Raises:
        MissingPackageError: OpenCV is not installed.
    """
    pictures = {number: _from(frames, number) for number in set(numbers)}
    return np.stack([pictures[number] for number in numbers])


def flow_stream(frames: Iterable[tuple[float, np.ndarray]]) -> Iterator[tuple[float, np.ndarray]]:
    """Times and frames (`read_all`) to times and motion (H, W, 3) uint8, one frame behind, in constant memory.

    Raises:
        MissingPackageError: OpenCV is not installed.
    """
    time, earlier, picture = 0.0, None, None
    for later_time, later in frames:
        if earlier is not None:
            picture = flow_picture(motion(earlier, later))
            yield time, picture
        time, earlier = later_time, later
    if earlier is not None:
        yield time, still(earlier) if picture is None else picture


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
    gray, later = (np.pad(cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY), filling, mode="edge") for frame in (first, second))
    return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(gray, later, None)[:height, :width]


def flow_picture(flow: np.ndarray) -> np.ndarray:
    """Motion (..., H, W, 2) in pixels as a picture (..., H, W, 3) uint8."""
    length = np.sqrt((flow**2).sum(axis=-1, keepdims=True))
    return np.clip(np.rint(np.concatenate([flow, length], axis=-1) * SCALE + ZERO), 0, 255).astype(np.uint8)


def still(frame: np.ndarray) -> np.ndarray:
    """The picture of a frame that does not move."""
    return np.full_like(frame, ZERO)


def _from(frames: Mapping[int, np.ndarray], number: int) -> np.ndarray:
    start = number if number + 1 in frames else number - 1
    return flow_picture(motion(frames[start], frames[start + 1])) if start in frames else still(frames[number])
