"""A small CNN for small frames, trained from scratch, used by the demos."""

from __future__ import annotations

from typing import Any, Literal

import keras
import numpy as np
from keras import layers, ops

from lrcn_seq.encoders.base import ConvolutionalEncoder, run_layers
from lrcn_seq.layers.precision import built_under
from lrcn_seq.layers.scaling import scale
from lrcn_seq.records import Depth, Positive, Preprocessing, Side, Tensor
from lrcn_seq.registry import encoders


@encoders.register
class TinyCnn(ConvolutionalEncoder):
    """Convolution blocks, each with twice as many filters as the previous one.

    A block is a 3×3 convolution, batch normalization (Ioffe & Szegedy 2015, section 3), a ReLU and
    a 2×2 max pool. The last block gives a grid of ⌈size / 2^blocks⌉² regions with
    filters · 2^(blocks−1) channels.

    Args:
        size: Height and width of the frames.
        filters: Filters of the first block.
        blocks: Number of blocks.
        output: `grid` gives the regions of the grid, `pooled` their mean (R = 1), `flat` their
            concatenation (R = 1), which keeps positions.
        coordinates: Whether to add positions, since convolutions treat all positions alike. With
            `grid`, each region is extended by its coordinates (y, x) from −1 to 1 (Liu et al. 2018,
            section 3). With `pooled`, each channel gives its mean and its mean position, both
            weighted by a softmax over the regions (spatial soft-argmax; Finn et al. 2016, arXiv
            1509.06113, section IV). This triples the width. `flat` ignores this argument.
    """

    def __init__(
        self,
        *,
        size: Side = 64,
        filters: Positive = 32,
        blocks: Depth = 4,
        output: Literal["pooled", "grid", "flat"] = "grid",
        coordinates: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.output_kind, self.coordinates = size, output, coordinates
        with built_under(self.dtype_policy):
            stack = [layer for block in range(blocks) for layer in _block(filters * 2**block)]
            self.network = keras.Sequential([keras.Input((size, size, 3)), *stack], name="network")

    @property
    def preprocessing(self) -> Preprocessing:
        """Frames stretched to size × size and scaled to −1…1."""
        return Preprocessing(self.size, self.size, scaling="tf")

    def frame_maps(self, frames: Tensor, training: bool = False) -> Tensor:
        """Return the maps (N, h, w, C) of the last block, before its pool, for frames."""
        return run_layers(self.network.layers[:-1], scale(frames, "tf"), training)

    def pool_maps(self, maps: Tensor, training: bool = False) -> Tensor:
        """Return features (N, R, D) of the maps of the last block."""
        grid = run_layers(self.network.layers[-1:], maps, training)
        _, height, width, channels = grid.shape
        regions = ops.reshape(grid, (-1, height * width, channels))
        if self.output_kind == "flat":
            return ops.reshape(regions, (-1, 1, height * width * channels))
        if self.coordinates:
            positions = region_coordinates(height, width, grid.dtype)
            return self._with_positions(regions, positions)
        if self.output_kind == "grid":
            return regions
        return ops.mean(regions, axis=1, keepdims=True)

    def _with_positions(self, regions: Tensor, positions: Tensor) -> Tensor:
        """Add positions (1, R, 2) to regions (N, R, D).

        The result is (N, R, D + 2), or (N, 1, 3 D) if pooled.
        """
        if self.output_kind == "grid":
            shape = (*ops.shape(regions)[:2], 2)
            return ops.concatenate([regions, ops.broadcast_to(positions, shape)], axis=-1)
        weights = ops.softmax(regions, axis=1)
        pooled = [
            ops.sum(weights * values, axis=1, keepdims=True)
            for values in (regions, *ops.split(positions, 2, axis=-1))
        ]
        return ops.concatenate(pooled, axis=-1)


def region_coordinates(height: int, width: int, dtype: str) -> Tensor:
    """Return the coordinates (y, x), from −1 to 1, of the regions of a grid, (1, H·W, 2)."""
    rows, columns = np.meshgrid(
        np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij"
    )
    return ops.convert_to_tensor(np.stack([rows, columns], -1).reshape(1, -1, 2), dtype)


def _block(filters: int) -> list[keras.layers.Layer]:
    return [
        layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal"),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.MaxPooling2D(2, padding="same"),
    ]
