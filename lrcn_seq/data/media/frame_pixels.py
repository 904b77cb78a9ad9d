"""Pixels of decoded video frames: upright RGB, with transparent parts on white."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from lrcn_seq.data.media.image import fit
from lrcn_seq.records import Preprocessing

if TYPE_CHECKING:
    import av

# A display matrix moves the pixel (x, y) to (a x + c y, b x + d y). The keys are (a ≥ 0, d ≥ 0) in
# FLIPS and (b > 0, c > 0) in TRANSPOSITIONS.
FLIPS = {
    (False, True): Image.Transpose.FLIP_LEFT_RIGHT,
    (True, False): Image.Transpose.FLIP_TOP_BOTTOM,
    (False, False): Image.Transpose.ROTATE_180,
}
TRANSPOSITIONS = {
    (True, True): Image.Transpose.TRANSPOSE,
    (True, False): Image.Transpose.ROTATE_270,
    (False, True): Image.Transpose.ROTATE_90,
    (False, False): Image.Transpose.TRANSVERSE,
}
ROTATIONS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    -180: Image.Transpose.ROTATE_180,
    -90: Image.Transpose.ROTATE_270,
}
"""The transposition for each rotation in degrees counterclockwise."""


def frame_pixels(frame: av.VideoFrame, preprocessing: Preprocessing | None) -> np.ndarray:
    """Return a frame as upright RGB (H, W, 3) uint8, with transparent parts on white.

    Args:
        frame: the decoded frame.
        preprocessing: size and resize rule; None keeps the size of the frame.
    """
    transposition = _transposition(frame)
    if _has_alpha(frame):
        colored = Image.fromarray(frame.to_ndarray(format="rgba"))
        white = Image.new("RGBA", colored.size, "white")
        image = Image.alpha_composite(white, colored).convert("RGB")
    else:
        pixels: np.ndarray = frame.to_ndarray(format="rgb24")
        if transposition is None and (
            preprocessing is None or pixels.shape[:2] == preprocessing[:2]
        ):
            return pixels  # This avoids two copies by Pillow.
        image = Image.fromarray(pixels)
    return fit(image if transposition is None else image.transpose(transposition), preprocessing)


def _has_alpha(frame: av.VideoFrame) -> bool:
    components = frame.format.components
    return frame.format.has_palette or (len(components) in (2, 4) and components[-1].is_alpha)


def _transposition(frame: av.VideoFrame) -> Image.Transpose | None:
    """Return the transposition that turns a frame upright, or None; ignore slight rotations."""
    from av.sidedata.sidedata import Type

    try:
        data = frame.side_data.get(Type.DISPLAYMATRIX)
    except ValueError:  # The frame has side data of a type unknown to PyAV.
        return ROTATIONS.get(round(frame.rotation))
    if data is None:
        return None
    (a, b, _), (c, d, _), _ = np.frombuffer(data, np.int32)[:9].reshape(3, 3).tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return TRANSPOSITIONS[b > 0, c > 0]
    return FLIPS.get((a >= 0, d >= 0))
