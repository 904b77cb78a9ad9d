"""Reductions of encoder features over steps and regions, without padding."""

from __future__ import annotations

import math

import keras
from keras import ops

from lrcn_seq.layers.masked_steps import real_steps_first
from lrcn_seq.layers.precision import at_least_float32
from lrcn_seq.records import Encoded, Tensor


def masked_mean(encoded: Encoded) -> Tensor:
    """Return the mean (B, D) over real steps and regions; zero for a clip without real steps."""
    features, mask = encoded
    # The sum over a long clip would overflow in float16.
    dtype = at_least_float32(keras.backend.standardize_dtype(features.dtype))
    step_means = ops.mean(ops.cast(features, dtype), axis=2)
    total = ops.sum(ops.where(mask[:, :, None], step_means, ops.zeros_like(step_means)), axis=1)
    count = ops.sum(ops.cast(mask, dtype), axis=1, keepdims=True)
    return ops.cast(total / ops.maximum(count, 1.0), features.dtype)


def as_memory(encoded: Encoded) -> tuple[Tensor, Tensor]:
    """Return all regions of all steps as one memory.

    Returns:
        Features (B, S·R, D), zero at padding, and their mask (B, S·R).
    """
    features, mask = encoded
    B, S, R, D = ops.shape(features)
    features = ops.where(mask[:, :, None, None], features, ops.zeros_like(features))
    mask = ops.broadcast_to(mask[:, :, None], (B, S, R))
    return ops.reshape(features, (B, S * R, D)), ops.reshape(mask, (B, S * R))


def steps_first(encoded: Encoded) -> tuple[Tensor, Tensor]:
    """Return the inputs of an LSTM, time first.

    Returns:
        The mean over the regions, (S, B, D), with the real steps of each clip first, and the number
        of real steps, (B,) int32.
    """
    features, mask = encoded
    means = real_steps_first(ops.mean(features, axis=2), mask)
    return ops.transpose(means, (1, 0, 2)), ops.sum(ops.cast(mask, "int32"), axis=1)


def feature_shape(output: tuple[int | None, ...], kind: str) -> tuple[int, int] | None:
    """Return the number of regions and their width, (R, D), after a reduction of a network output.

    Args:
        output: shape of the output: (N, H, W, D), (N, R, D) or (N, D).
        kind: `pooled`, `rows` or `grid`; has no effect on vectors (N, D).

    Returns:
        The shape, or None if the output has no fixed shape.
    """
    _, *sizes, width = output
    regions = {"pooled": 1, "rows": 3}.get(kind) if sizes else 1
    if width is None or (regions is None and None in sizes):
        return None
    return regions or math.prod(filter(None, sizes)), width


def pool_output(output: Tensor, kind: str) -> Tensor:
    """Return the regions (N, R, D) of the output of a network, or means over regions.

    Args:
        output: feature maps (N, H, W, D), regions (N, R, D) or vectors (N, D).
        kind: `pooled` gives the mean over the regions, `rows` the means of the upper, middle and
            lower third of a feature map; other kinds give the regions. Has no effect on vectors.
    """
    if len(output.shape) == 2:
        return output[:, None, :]
    if kind == "rows":
        return row_means(output)
    if len(output.shape) == 4:
        _, height, width, channels = output.shape
        output = ops.reshape(output, (-1, height * width, channels))
    return ops.mean(output, axis=1, keepdims=True) if kind == "pooled" else output


def row_means(features: Tensor) -> Tensor:
    """Return the means (N, 3, D) of the upper, middle and lower third of feature maps.

    If three does not divide the height, the thirds overlap, as in adaptive average pooling.

    Args:
        features: feature maps (N, H, W, D).
    """
    height = features.shape[1]
    thirds = [(third * height // 3, -(-(third + 1) * height // 3)) for third in range(3)]
    return ops.stack([ops.mean(features[:, a:b], axis=(1, 2)) for a, b in thirds], axis=1)
