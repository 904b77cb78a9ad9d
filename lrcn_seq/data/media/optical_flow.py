"""Optical flow as images: the motion between frames (Donahue et al. 2015, section 4.1).

The red channel is the motion to the right, the green channel the motion down and the blue channel
the length of the motion, in pixels at the encoder's input size. Each is multiplied by 16, added to
128 and clipped to 0 … 255, as in the released code (`create_flow_images_LRCN.m`). The paper uses
Brox et al. 2004. This module uses DIS (Kroeger et al. 2016, arXiv 1603.03590), which takes half the
time of Farnebäck 2003 and tracks fast motion that the latter loses. Flow of mirrored frames differs
from mirrored flow by a few hundredths of a pixel. The number of threads does not change the result.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np

from lrcn_seq.data.media.base import Media, NumberedFrame, SelectFrame, TimedFrame
from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.errors import MissingPackageError
from lrcn_seq.records import Preprocessing

SCALE, ZERO = 16.0, 128
MINIMUM_SIDE = 32
"""Side in pixels of the smallest frame that OpenCV accepts; smaller frames are padded."""
IDENTITY = "flow:dis1"
"""Part of the keys of stored features, to be changed whenever flow images change."""


class OpticalFlow(Media):
    """The optical flow of a clip: frame n shows the motion from frame n to n + 1.

    The last frame repeats the motion of the frame before; a single frame shows no motion.

    Args:
        clip: the media whose motion is measured.
    """

    def __init__(self, clip: Media):
        self.name, self._clip = clip.name, clip
        self.times_key, self.live = clip.times_key, clip.live

    def content_hash(self, index: ContentIndex) -> str:
        """Return the hash of the clip."""
        return self._clip.content_hash(index)

    def times(self) -> np.ndarray:
        """Return the times of the frames of the clip."""
        return self._clip.times()

    def existing_frames(
        self, numbers: AbstractSet[int] | None, preprocessing: Preprocessing | None
    ) -> Iterator[NumberedFrame]:
        """Yield the flow images of the requested frames.

        Raises:
            MissingPackageError: OpenCV is not installed.
        """
        needed = None if numbers is None else needed_frames(numbers)
        return flow_frames(self._clip.existing_frames(needed, preprocessing), numbers)

    def stream_frames(
        self, select: SelectFrame, preprocessing: Preprocessing | None
    ) -> Iterator[TimedFrame]:
        """Yield the flow image of each selected frame as soon as the next frame is decoded.

        Raises:
            MissingPackageError: OpenCV is not installed.
        """
        selected = _LiveSelection(select)
        frames = self._clip.stream_frames(lambda *_: True, preprocessing)
        for number, image in flow_frames(selected.recorded(frames), selected):
            yield selected.times[number], image


class _LiveSelection:
    """Tells by `number in selection` whether a frame of a running stream is selected.

    Attributes:
        times: the times of the latest two frames, by frame number.
    """

    def __init__(self, select: SelectFrame):
        self.times: dict[int, float] = {}
        self._select = select

    def __contains__(self, number: Any) -> bool:
        return self._select(number, self.times[number], self.times.get(number + 1))

    def recorded(self, frames: Iterable[TimedFrame]) -> Iterator[NumberedFrame]:
        """Number the frames of a stream, and record their times."""
        for number, (time, frame) in enumerate(frames):
            self.times[number] = time
            self.times.pop(number - 2, None)
            yield number, frame


def flow_frames(
    frames: Iterable[NumberedFrame], numbers: Container[int] | None = None
) -> Iterator[NumberedFrame]:
    """Yield numbered flow images (H, W, 3) uint8, each as soon as the next frame is read.

    Args:
        frames: the existing frames of `needed_frames(numbers)`, ascending, each (H, W, 3) uint8.
        numbers: the numbers of the requested flow images; None for all. The last frame of a clip
            repeats the flow of the frame before; a single frame shows no motion.

    Raises:
        MissingPackageError: OpenCV is not installed.
    """
    number, frame, before = -1, None, None
    for next_number, next_frame in frames:
        is_next = next_number == number + 1
        if frame is not None and is_next and (numbers is None or number in numbers):
            yield number, flow_image(motion(frame, next_frame))
        number, frame, before = next_number, next_frame, frame if is_next else None
    if frame is not None and (numbers is None or number in numbers):
        yield number, still(frame) if before is None else flow_image(motion(before, frame))


def needed_frames(numbers: AbstractSet[int]) -> set[int]:
    """Return the numbers of the frames that are needed for the flow of the given frames.

    These are the given frames, the next frame of each, and the frame before the last given one.
    """
    return {*numbers, *(number + 1 for number in numbers), max(max(numbers) - 1, 0)}


def motion(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the motion of each pixel from one frame (H, W, 3) uint8 to another.

    Returns:
        The motion to the right and down in pixels, (H, W, 2) float32.

    Raises:
        MissingPackageError: OpenCV is not installed.
    """
    try:
        import cv2
    except ImportError:
        raise MissingPackageError("opencv-python-headless", "flow", "Optical flow") from None
    height, width = first.shape[:2]
    padding = ((0, max(MINIMUM_SIDE - height, 0)), (0, max(MINIMUM_SIDE - width, 0)))
    gray, next_gray = (
        np.pad(cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY), padding, mode="edge")
        for frame in (first, second)
    )
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(dis.calc(gray, next_gray, None))[:height, :width]


def flow_image(flow: np.ndarray) -> np.ndarray:
    """Return motion (..., H, W, 2) in pixels as an image (..., H, W, 3) uint8."""
    length = np.sqrt((flow**2).sum(axis=-1, keepdims=True))
    image = np.concatenate([flow, length], axis=-1) * SCALE + ZERO
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def still(frame: np.ndarray) -> np.ndarray:
    """Return the flow image of a frame without motion."""
    return np.full_like(frame, ZERO)
