"""Dilated convolutions over time with residual connections (Bai et al. 2018, arXiv 1803.01271).

Layer l adds to each step what a convolution of kernel size k over steps 2^l apart computes:

    x_0 = W f    x_{l+1}(t) = x_l(t) + ReLU(b_l + Σ_j K_l(j) x_l(t + (j - j_0) 2^l))

With j_0 = k - 1, no output depends on later steps; with j_0 = (k - 1) / 2, the convolution is
centered. The paper has two convolutions per layer with weight normalization, which a handful of
frames does not need.
"""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.layers import Conv1D, Dense

from lrcn_seq.decoders.base import FrameDecoder, Shape, State
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.masked_steps import original_steps, real_steps_first
from lrcn_seq.layers.precision import at_least_float32, built_under
from lrcn_seq.records import Depth, Encoded, Positive, Rate, Tensor
from lrcn_seq.registry import decoders


@decoders.register
class TemporalConvolution(FrameDecoder):
    """Residual dilated convolutions over the steps of a clip, and a classifier of every step.

    Args:
        classes: Number of classes C.
        filters: Width U of the convolutions.
        layers: Number of convolutions; the dilation doubles from each to the next.
        kernel_size: Number of steps that a convolution combines.
        causal: Whether no step depends on later ones, so that frames can be streamed.
        feature_dropout: Dropout rate of the features, with one mask per clip.
        dropout: Dropout rate of the output of each convolution, with one mask per clip.
    """

    def __init__(
        self,
        classes: Positive,
        *,
        filters: Positive = 64,
        layers: Depth = 2,
        kernel_size: Positive = 3,
        causal: bool = False,
        feature_dropout: Rate = 0.0,
        dropout: Rate = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.is_causal = causal
        with built_under(self.dtype_policy):
            self.drop_feature = seeded_dropout(feature_dropout)
            self.drop = seeded_dropout(dropout)
            self.project = Dense(filters, name="project")
            self.convolutions = [
                Conv1D(
                    filters,
                    kernel_size,
                    padding="causal" if causal else "same",
                    dilation_rate=2**number,
                    activation="relu",
                    name=f"convolution_{number}",
                )
                for number in range(layers)
            ]
            self.labels = Dense(classes, name="labels")

    @property
    def causal(self) -> bool:
        """Whether frames can be streamed: the argument `causal`."""
        return self.is_causal

    @property
    def every_step(self) -> bool:
        """True: there are logits at every step."""
        return True

    def build(self, encoded_shape: tuple[Shape, Shape]) -> None:
        """Build the weights for features (B, S, R, D)."""
        self.project.build((None, encoded_shape[0][-1]))
        for layer in self.convolutions:
            layer.build((None, None, self.project.units))
        self.labels.build((None, self.project.units))

    def call(self, encoded: Encoded, training: bool = False) -> tuple[Tensor, Tensor]:
        """Return logits (B, S, C) and mask (B, S)."""
        features, mask = ops.mean(encoded.features, axis=2), encoded.mask
        real = real_steps_first(mask[:, :, None], mask)
        x = real_steps_first(features, mask)
        x = self.project(_clip_dropout(x, self.drop_feature, training=training))
        for layer in self.convolutions:
            # A convolution must see zeros at padding, as at the ends of a clip without padding.
            x = ops.where(real, x, ops.zeros_like(x))
            x = x + _clip_dropout(layer(x), self.drop, training=training)
        logits = ops.cast(self.labels(x), at_least_float32(self.compute_dtype))
        return original_steps(logits, mask), mask

    def initial_state(self, batch: int) -> State:
        """Return zeros for the latest inputs (B, (k - 1) · dilation, U) of each convolution."""
        if not self.is_causal:
            return super().initial_state(batch)
        return tuple(
            ops.zeros((batch, _history(layer), layer.filters), self.compute_dtype)
            for layer in self.convolutions
        )

    def step(self, features: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, C) and the next state after the features (B, R, D) of a step."""
        if not self.is_causal:
            return super().step(features, state)
        x, states = self.project(ops.cast(ops.mean(features, axis=1), self.compute_dtype)), []
        for layer, earlier in zip(self.convolutions, state, strict=True):
            inputs = ops.concatenate([earlier, x[:, None]], axis=1)
            states.append(inputs[:, 1:])
            # Of a causal convolution over exactly these inputs, only the last output is complete.
            x = x + layer(inputs)[:, -1]
        return ops.cast(self.labels(x), at_least_float32(self.compute_dtype)), tuple(states)


def _history(layer: Conv1D) -> int:
    """Return the number of earlier inputs on which an output of a causal convolution depends."""
    return int((layer.kernel_size[0] - 1) * layer.dilation_rate[0])


def _clip_dropout(x: Tensor, dropout: Any, *, training: bool) -> Tensor:
    """Apply one dropout mask (B, D) to every step of clips x (B, S, D)."""
    if not (training and dropout.rate):
        return x
    return x * dropout(ops.ones_like(x[:, 0]), training=True)[:, None]
