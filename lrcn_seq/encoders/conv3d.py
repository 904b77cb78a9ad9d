"""A 3-D convolutional network over time and space (after Tran et al. 2015, section 3.3)."""

from __future__ import annotations

from typing import Any, Literal, NoReturn

from keras import ops
from keras.layers import Conv3D

from lrcn_seq.encoders.base import Encoder
from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.packing import unpack
from lrcn_seq.layers.precision import built_under
from lrcn_seq.layers.scaling import scale
from lrcn_seq.records import Clips, Depth, Encoded, Positive, Preprocessing, Side, Tensor
from lrcn_seq.registry import encoders


@encoders.register
class Conv3d(Encoder):
    """Blocks of 3×3×3 convolution, ReLU and 2×2 max pool in space, trained from scratch.

    Each block has twice as many filters as the previous one. Features are (B, S, R, D) with
    S = ceil(T / stride) and D = filters · 2^(blocks−1). Padding is set to zero after every
    convolution, so that it does not affect real frames. A missing frame inside a clip, with index
    −1, keeps its place as padding.

    Args:
        size: Height and width of the frames.
        filters: Filters of the first block.
        blocks: Number of blocks.
        stride: Frames per step, a power of 2. The first log2(stride) blocks also pool pairs of
            frames.
        output: `grid` gives the regions of the last block, `pooled` their mean (R = 1).
    """

    def __init__(
        self,
        *,
        size: Side = 64,
        filters: Positive = 32,
        blocks: Depth = 4,
        stride: Positive = 1,
        output: Literal["pooled", "grid"] = "grid",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if stride & (stride - 1) or stride > 2**blocks:
            raise ArgumentError(
                f"Expected a power of 2, at most 2^blocks = {2**blocks}. Received: stride={stride}."
            )
        self.size, self.stride, self.pooled = size, stride, output == "pooled"
        with built_under(self.dtype_policy):
            self.convolutions = [_convolution(filters * 2**block) for block in range(blocks)]
        channels = 3
        for layer in self.convolutions:
            layer.build((None, None, None, None, channels))
            channels = layer.filters

    @property
    def preprocessing(self) -> Preprocessing:
        """Frames stretched to size × size and scaled to −1…1."""
        return Preprocessing(self.size, self.size, scaling="tf")

    def encode_frames(self, frames: Tensor, training: bool = False) -> NoReturn:
        """Raise ArgumentError, because the convolution needs neighboring frames."""
        raise ArgumentError(
            "Expected clips: conv3d mixes frames over time. Received: frames of shape "
            f"{tuple(frames.shape)}, training={training}; call the encoder with clips."
        )

    def call(self, clips: Clips, training: bool = False) -> Encoded:  # noqa: ARG002 - the interface
        """Return features (B, S, R, D); stored features (N, R, D) are returned unchanged."""
        if len(clips.frames.shape) == 3:
            return unpack(ops.cast(clips.frames, self.compute_dtype), clips.index)
        return self.encode_maps(*self.clip_maps(clips))

    @property
    def has_maps(self) -> bool:
        """Whether the features come from a feature map of each step."""
        return True

    def clip_maps(self, clips: Clips) -> tuple[Tensor, Tensor]:
        """Return the maps (B, S, h, w, C) of the last block, and the mask (B, S)."""
        x, mask = self._padded_frames(clips)
        real = ops.cast(mask, self.compute_dtype)
        for block, convolution in enumerate(self.convolutions):
            x = max_pool_space(convolution(x) * real[:, :, None, None, None])
            if 2**block < self.stride:
                x, real = max_pool_pairs(x), max_pool_pairs(real)
        return x, real > 0

    def encode_maps(self, maps: Tensor, mask: Tensor) -> Encoded:
        """Return features (B, S, R, D) of maps (B, S, h, w, C)."""
        B, S, *_ = ops.shape(maps)
        height, width, channels = maps.shape[2:]
        regions = ops.reshape(maps, (B, S, height * width, channels))
        return Encoded(ops.mean(regions, axis=2, keepdims=True) if self.pooled else regions, mask)

    def _padded_frames(self, clips: Clips) -> tuple[Tensor, Tensor]:
        """Return scaled frames (B, T, H, W, 3), zero at padding, and their mask (B, T)."""
        scaled = ops.cast(scale(clips.frames, "tf"), self.compute_dtype)
        rows = ops.reshape(scaled, (-1, 1, self.size * self.size * 3))
        flat, mask = unpack(rows, clips.index)
        return ops.reshape(flat, (*ops.shape(mask), self.size, self.size, 3)), mask


def max_pool_space(x: Tensor) -> Tensor:
    """Return the maximum over squares of 2×2 pixels of x (B, T, H, W, C).

    Slices replace the pooling layers of Keras, which fail on some backends and precisions.
    """
    return max_pool_pairs(max_pool_pairs(x, axis=2), axis=3)


def max_pool_pairs(x: Tensor, axis: int = 1) -> Tensor:
    """Return the maximum over pairs along an axis of a non-negative tensor.

    If the length of the axis is odd, the last element is paired with zero.
    """
    first = 2 * ops.arange((ops.shape(x)[axis] + 1) // 2)
    padded = ops.concatenate([x, ops.zeros_like(ops.take(x, ops.array([0]), axis=axis))], axis=axis)
    return ops.maximum(ops.take(padded, first, axis=axis), ops.take(padded, first + 1, axis=axis))


def _convolution(filters: int) -> Conv3D:
    return Conv3D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal")
