"""Packing of batch and time into one axis, so that nothing is computed for padding."""

from __future__ import annotations

import numpy as np
from keras import ops

from lrcn_seq.records import Clips, Encoded, Tensor


def pack(x: np.ndarray, mask: np.ndarray | None = None) -> Clips:
    """Return the real frames of a padded batch with their index.

    Args:
        x: frames (B, T, ...).
        mask: (B, T), True for real frames; None if all frames are real.

    Returns:
        Clips with frames (N, ...) and index (B, T).
    """
    mask = np.ones(x.shape[:2], bool) if mask is None else np.asarray(mask, bool)
    index = np.where(mask, np.cumsum(mask).reshape(mask.shape) - 1, -1).astype("int32")
    return Clips(x[mask], index)


def unpack(features: Tensor, index: Tensor) -> Encoded:
    """Return packed features as a padded batch, the inverse of `pack`.

    Args:
        features: (N, R, D); N may be 0.
        index: (B, T) int32, the position of each frame in `features`; −1 is padding.

    Returns:
        Features (B, T, R, D), zero where the index is −1, with their mask (B, T).
    """
    padded = ops.pad(features, ((1, 0), (0, 0), (0, 0)))
    return Encoded(ops.take(padded, index + 1, axis=0), index >= 0)
