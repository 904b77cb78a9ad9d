"""A 3-D convolution network: filters over time and space, trained from scratch (after Tran et al. 2015, section 3.3)."""

from __future__ import annotations

from typing import Literal

from keras import ops
from keras.layers import Conv3D

from lrcn_seq.encoders.base import Encoder
from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.packing import unpack
from lrcn_seq.layers.precision import built_under
from lrcn_seq.layers.scaling import scale
from lrcn_seq.records import Clips, Encoded, Positive, Preprocessing
from lrcn_seq.registry import encoders


@encoders.register
class Conv3d(Encoder):
    """Blocks of a 3×3×3 convolution with ReLU and a 2×2 maximum in space, each of twice the filters of the last.

    `stride` frames make one step: a power of 2; the maxima of the first blocks then go over two frames too. Features are
    (B, S, R, D), S = ceil(T / stride), D = filters · 2^(blocks−1). After every convolution padding is zero again, so that it cannot leak.
    """

    def __init__(
        self,
        *,
        size: Positive = 64,
        filters: Positive = 32,
        blocks: Positive = 4,
        stride: Positive = 1,
        output: Literal["pooled", "grid"] = "grid",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if stride & (stride - 1) or stride > 2**blocks:
            raise ArgumentError(
                f"Expected a power of 2, at most 2^blocks = {2**blocks}. Received: stride={stride}."
            )
        self.size, self.stride, self.pooled = size, stride, output == "pooled"
        with built_under(self.dtype_policy):
            self.convolutions = [
                Conv3D(
                    filters * 2**block,
                    3,
                    padding="same",
                    activation="relu",
                    kernel_initializer="he_normal",
                )
                for block in range(blocks)
            ]
        channels = 3
        for layer in self.convolutions:
            layer.build((None, None, None, None, channels))
            channels = layer.filters

    @property
    def preprocessing(self) -> Preprocessing:
        """Stretched to size × size, scaled to −1…1."""
        return Preprocessing(self.size, self.size, scaling="tf")

    def encode_frames(self, frames, training: bool = False):
        """Refuses: frames alone are no clip.

        Raises:
            ArgumentError: always.
        """
        raise ArgumentError(
            f"Expected clips: conv3d mixes frames in time. Received: frames of shape {tuple(frames.shape)}, training={training}; call the encoder."
        )

    def call(self, clips: Clips, training: bool = False) -> Encoded:  # noqa: ARG002 - the contract
        """Features (B, S, R, D) of clips; stored features (N, R, D) go back to their places."""
        if len(clips.frames.shape) == 3:
            return unpack(ops.cast(clips.frames, self.compute_dtype), clips.index)
        rows = ops.reshape(
            ops.cast(scale(clips.frames, "tf"), self.compute_dtype),
            (-1, 1, self.size * self.size * 3),
        )
        flat, mask = unpack(rows, clips.index)
        real = ops.cast(mask, self.compute_dtype)
        x = ops.reshape(flat, (*ops.shape(mask), self.size, self.size, 3))
        for block, convolution in enumerate(self.convolutions):
            x = quartered(convolution(x) * real[:, :, None, None, None])
            if 2**block < self.stride:
                x, real = halved(x), halved(real)
        regions = ops.reshape(x, (*ops.shape(x)[:2], x.shape[2] * x.shape[3], x.shape[4]))
        return Encoded(
            ops.mean(regions, axis=2, keepdims=True) if self.pooled else regions, real > 0
        )


def quartered(x):
    """The maximum over squares of 2×2 pixels of x (B, T, H, W, C); by slices, because no pooling of Keras does it on every backend and precision."""
    return halved(halved(x, axis=2), axis=3)


def halved(x, axis: int = 1):
    """The maximum over pairs along an axis, nowhere negative; the last stands alone where the length is odd."""
    first = ops.shape(x)[axis]
    places = ops.arange(first + first % 2)
    padded = ops.concatenate([x, ops.zeros_like(ops.take(x, ops.array([0]), axis=axis))], axis=axis)
    return ops.maximum(
        ops.take(padded, places[0::2], axis=axis), ops.take(padded, places[1::2], axis=axis)
    )
