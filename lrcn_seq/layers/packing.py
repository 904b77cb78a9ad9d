"""Batch and time merged: frames of all clips in one row, each computed once, padding never."""

from __future__ import annotations

import numpy as np
from keras import ops

from lrcn_seq.records import Clips, Encoded


def pack(x: np.ndarray, mask: np.ndarray | None = None) -> Clips:
    """Clips of x (B, T, ...), real frames only where mask (B, T) is given."""
    mask = np.ones(x.shape[:2], bool) if mask is None else np.asarray(mask, bool)
    index = np.where(mask, np.cumsum(mask).reshape(mask.shape) - 1, -1).astype("int32")
    return Clips(x[mask], index)


def spread(features, index) -> Encoded:
    """Packed features (N, R, D) to (B, T, R, D), zero where index (B, T) is −1; N may be 0."""
    led_by_zero = ops.pad(features, ((1, 0), (0, 0), (0, 0)))
    return Encoded(ops.take(led_by_zero, index + 1, axis=0), index >= 0)
