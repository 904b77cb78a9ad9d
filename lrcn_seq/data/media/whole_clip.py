"""Frames and times of whole clips, for use from Python."""

from __future__ import annotations

import numpy as np
from PIL import Image

from lrcn_seq.data.media.base import MediaSource
from lrcn_seq.data.media.reader import MediaReader


def read_frames(source: MediaSource) -> np.ndarray:
    """Return all frames of a video, an animation, a folder of frames or an image.

    Args:
        source: a path, a PIL image or an array.

    Returns:
        (T, H, W, 3) uint8, upright, at the size of the first frame; T = 1 for an image.

    Raises:
        MediaError: the source cannot be read.
    """
    frames = [frame for _, frame in MediaReader("clips").open(source).existing_frames(None, None)]
    return np.stack([_resized(frame, frames[0].shape) for frame in frames])


def frame_times(source: MediaSource) -> np.ndarray:
    """Return the time of each frame that `read_frames` returns.

    Args:
        source: a path, a PIL image or an array.

    Returns:
        (T,) seconds, ascending from 0.

    Raises:
        MediaError: the source cannot be read.
    """
    return MediaReader("clips").times(source)


def _resized(frame: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Resize a frame to the shape of the first frame; sizes within a video may differ."""
    if frame.shape == shape:
        return frame
    return np.asarray(Image.fromarray(frame).resize((shape[1], shape[0])))
