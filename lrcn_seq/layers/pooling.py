"""What a decoder makes of all steps and regions: their mean, or one long memory. Padding counts in neither."""

from __future__ import annotations

import keras
from keras import ops

from lrcn_seq.layers.precision import at_least_float32
from lrcn_seq.records import Encoded


def masked_mean(encoded: Encoded):
    """Mean (B, D) over the real steps S and their regions R; zero for a clip without a real step."""
    features, mask = encoded
    wide = at_least_float32(
        keras.backend.standardize_dtype(features.dtype)
    )  # float16 overflows on the sum of a long clip
    real = ops.cast(mask, wide)
    by_step = ops.mean(ops.cast(features, wide), axis=2)
    total = ops.sum(ops.where(mask[:, :, None], by_step, ops.zeros_like(by_step)), axis=1)
    return ops.cast(total / ops.maximum(ops.sum(real, axis=1, keepdims=True), 1.0), features.dtype)


def as_memory(encoded: Encoded):
    """Features (B, S·R, D) with their mask (B, S·R), zero where a step is padding."""
    features, mask = encoded
    batch, steps, regions, width = ops.shape(features)
    features = ops.where(mask[:, :, None, None], features, ops.zeros_like(features))
    mask = ops.broadcast_to(mask[:, :, None], (batch, steps, regions))
    return ops.reshape(features, (batch, steps * regions, width)), ops.reshape(
        mask, (batch, steps * regions)
    )


def steps_first(encoded: Encoded):
    """What an LSTM reads: the mean over regions (S, B, D), and how many steps of each clip are real, (B,) int32."""
    return ops.transpose(ops.mean(encoded.features, axis=2), (1, 0, 2)), ops.sum(
        ops.cast(encoded.mask, "int32"), axis=1
    )
