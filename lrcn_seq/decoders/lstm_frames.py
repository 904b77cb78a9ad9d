"""The activity recognizer of LRCN: an LSTM over the features of frames (Donahue et al. 2015, section 4.1)."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from keras import ops
from keras.layers import Dense

from lrcn_seq.decoders.base import FrameDecoder
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.lstm import Lstm, last_step, uniform
from lrcn_seq.layers.pooling import steps_first
from lrcn_seq.layers.precision import at_least_float32, built_under
from lrcn_seq.records import Encoded, NotNegative, NumberNotNegative, Positive, Rate
from lrcn_seq.registry import decoders


@decoders.register
class LstmFrames(FrameDecoder):
    """A stack of LSTM layers, then the classifier at every step (the paper) or after the last only.

    `feature_dropout` falls on the features (the paper: 0.9), `dropout` on the output of each layer (0.5), one mask a clip.
    `dense`: width of a ReLU layer between the LSTM and the classifier; 0 for none.
    `bidirectional` adds a stack that reads the clip from its end; then nothing can be streamed.
    `initializer_range`: uniform ± of all weights; 0 for Keras's defaults. The released recipe has 0.01.
    """

    def __init__(
        self,
        classes: Positive,
        *,
        units: Positive = 256,
        layers: Positive = 1,
        output: Literal["every_step", "last"] = "every_step",
        bidirectional: bool = False,
        dense: NotNegative = 0,
        feature_dropout: Rate = 0.0,
        dropout: Rate = 0.0,
        initializer_range: NumberNotNegative = 0.0,
        forget_bias: float = 1.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.last, self.bidirectional = output == "last", bidirectional

        def stack() -> list[Lstm]:
            return [
                Lstm(units, initializer_range=initializer_range, forget_bias=forget_bias)
                for _ in range(layers)
            ]

        with built_under(self.dtype_policy):
            self.drop_feature, self.drop = seeded_dropout(feature_dropout), seeded_dropout(dropout)
            self.stack, self.back = stack(), stack() if bidirectional else []
            self.dense = (
                Dense(
                    dense,
                    activation="relu",
                    kernel_initializer=uniform(initializer_range, "glorot_uniform"),
                    name="dense",
                )
                if dense
                else None
            )
            self.labels = Dense(
                classes,
                kernel_initializer=uniform(initializer_range, "glorot_uniform"),
                name="labels",
            )

    @property
    def causal(self) -> bool:
        """Whether frames can be streamed."""
        return not self.bidirectional

    @property
    def every_step(self) -> bool:
        """Whether there is an answer at every step."""
        return not self.last

    def build(self, encoded_shape):
        """Weights for features (B, S, R, D)."""
        for stack in (self.stack, self.back):
            widths = [encoded_shape[0][-1], *(layer.units for layer in stack)]
            for layer, (entering, _) in zip(stack, pairwise(widths), strict=True):
                layer.build((None, entering))
        width = self.stack[-1].units * (2 if self.bidirectional else 1)
        if self.dense is not None:
            self.dense.build((None, width))
            width = self.dense.units
        self.labels.build((None, width))

    def call(self, encoded: Encoded, training: bool = False):
        """(logits (B, S, C), mask (B, S)), or (B, 1, C) and (B, 1) with `output: last`."""
        features, lengths = steps_first(encoded)
        features = features * self._mask(self.drop_feature, features) if training else features
        outputs = self._read(self.stack, features, lengths, training)
        if self.bidirectional:
            back = self._read(self.back, turned(features, lengths), lengths, training)
            outputs = ops.concatenate(
                [outputs, back if self.last else turned(back, lengths)], axis=-1
            )
        if not self.last:
            return ops.transpose(self._classify(outputs), (1, 0, 2)), encoded.mask
        return self._classify(last_step(outputs, lengths, ops.zeros_like(outputs[0])))[
            :, None
        ], lengths[:, None] > 0

    def initial_state(self, batch: int):
        """(h, c) of each layer."""
        return (
            super().initial_state(batch)
            if self.bidirectional
            else tuple(layer.zero_state(batch) for layer in self.stack)
        )

    def step(self, features, state):
        """(logits (B, C), next state) after the features (B, R, D) of one more step."""
        if self.bidirectional:
            return super().step(features, state)
        x, states = ops.cast(ops.mean(features, axis=1), self.compute_dtype), []
        for layer, before in zip(self.stack, state, strict=True):
            x, after = layer.step(layer.project(x), before)
            states.append(after)
        return self._classify(x), tuple(states)

    def _read(self, stack, x, lengths, training):
        """Outputs (S, B, U) of a stack over x (S, B, D)."""
        for layer in stack:
            x, _ = layer.sequence(layer.project(x), layer.zero_state(ops.shape(x)[1]), lengths)
            x = x * self._mask(self.drop, x) if training else x
        return x

    def _mask(self, drop, x):
        return drop(ops.ones(ops.shape(x)[1:], self.compute_dtype), training=True)

    def _classify(self, outputs):
        outputs = outputs if self.dense is None else self.dense(outputs)
        return ops.cast(self.labels(outputs), at_least_float32(self.compute_dtype))


def turned(sequence, lengths):
    """A sequence (S, B, D) with each row's own steps in reverse; its padding stays at the end."""
    steps = ops.arange(ops.shape(sequence)[0])[:, None]
    places = ops.where(steps < lengths, lengths - 1 - steps, steps)
    return ops.take_along_axis(
        sequence, ops.broadcast_to(places[:, :, None], ops.shape(sequence)), axis=0
    )
