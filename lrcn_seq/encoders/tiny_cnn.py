"""A small CNN for small pictures, trained from scratch: the encoder of the demo."""

from __future__ import annotations

from typing import Literal

import keras
import numpy as np
from keras import layers, ops

from lrcn_seq.encoders.base import Encoder
from lrcn_seq.layers.precision import built_under
from lrcn_seq.layers.scaling import scale
from lrcn_seq.records import Positive, Preprocessing
from lrcn_seq.registry import encoders


@encoders.register
class TinyCnn(Encoder):
    """Convolution blocks (3×3, batch norm, ReLU, 2×2 maximum), each of twice the filters of the last.

    Features are (N, R, D) with D = filters · 2^(blocks−1): the grid's (size / 2^blocks)² regions, their mean (R = 1),
    or all of them side by side (`flat`: R = 1, R·D wide), which tells where things are.
    `coordinates` appends to each region where it lies, (y, x) from −1 to 1, which convolutions do not know (Liu et al. 2018, section 3): D + 2;
    pooled, each filter gives its mean under a softmax over the regions, and where that lies (Finn et al. 2016, arXiv 1509.06113, section IV): 3 D.
    Batch norm after Ioffe & Szegedy 2015, section 3.
    """

    def __init__(
        self,
        *,
        size: Positive = 64,
        filters: Positive = 32,
        blocks: Positive = 4,
        output: Literal["pooled", "grid", "flat"] = "grid",
        coordinates: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.size, self.filters, self.blocks, self.output_kind, self.coordinates = (
            size,
            filters,
            blocks,
            output,
            coordinates,
        )
        with built_under(self.dtype_policy):
            stack = [layer for block in range(blocks) for layer in self._block(filters * 2**block)]
            self.network = keras.Sequential([keras.Input((size, size, 3)), *stack], name="network")

    def _block(self, filters: int) -> list[keras.layers.Layer]:
        return [
            layers.Conv2D(
                filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal"
            ),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.MaxPooling2D(2, padding="same"),
        ]

    @property
    def preprocessing(self) -> Preprocessing:
        """Stretched to size × size, scaled to −1…1."""
        return Preprocessing(self.size, self.size, scaling="tf")

    def encode_frames(self, frames, training: bool = False):
        """Pixels (N, H, W, 3) to features (N, R, D)."""
        grid = self.network(scale(frames, "tf"), training=training)
        regions = ops.reshape(grid, (-1, grid.shape[1] * grid.shape[2], grid.shape[3]))
        if self.output_kind == "flat":
            return ops.reshape(regions, (-1, 1, regions.shape[1] * regions.shape[2]))
        if not self.coordinates:
            return (
                regions if self.output_kind == "grid" else ops.mean(regions, axis=1, keepdims=True)
            )
        where = ops.reshape(places(*grid.shape[1:3], grid.dtype), (1, regions.shape[1], 2))
        if self.output_kind == "grid":
            return ops.concatenate(
                [regions, ops.broadcast_to(where, (ops.shape(regions)[0], regions.shape[1], 2))],
                axis=-1,
            )
        share = ops.softmax(regions, axis=1)
        seen = [
            ops.sum(share * part, axis=1, keepdims=True)
            for part in (regions, *ops.split(where, 2, axis=-1))
        ]
        return ops.concatenate(seen, axis=-1)


def places(height: int, width: int, dtype: str):
    """(1, height, width, 2): row and column of every region, from −1 to 1."""
    rows, columns = np.meshgrid(
        np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij"
    )
    return ops.convert_to_tensor(np.stack([rows, columns], axis=-1)[None], dtype)
