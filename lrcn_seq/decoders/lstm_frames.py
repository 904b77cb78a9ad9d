"""The activity recognizer of LRCN: an LSTM over frames (Donahue et al. 2015, section 4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from keras import ops

from lrcn_seq.decoders._blocks import build_stack, lstm_stack, projection, sequence_dropout
from lrcn_seq.decoders.base import FrameDecoder, Shape, State
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.lstm import Lstm, last_step
from lrcn_seq.layers.masked_steps import original_steps
from lrcn_seq.layers.pooling import steps_first
from lrcn_seq.layers.precision import at_least_float32, built_under
from lrcn_seq.records import Depth, Encoded, NotNegative, NumberNotNegative, Positive, Rate, Tensor
from lrcn_seq.registry import decoders


@decoders.register
class LstmFrames(FrameDecoder):
    """A stack of LSTM layers over the steps of a clip, then a classifier.

    Args:
        classes: Number of classes C.
        units: Width U of the LSTM layers.
        layers: Number of LSTM layers.
        output: `every_step` classifies every step, as in the paper; `last` only the last step.
        bidirectional: Whether a second stack reads the clip backward; the decoder is then not
            causal.
        dense: Width of a ReLU layer before the classifier; 0 for none.
        feature_dropout: Dropout rate of the features, with one mask per clip; 0.9 in the paper.
        dropout: Dropout rate of the output of each LSTM layer, with one mask per clip; 0.5 in the
            paper.
        initializer_range: Weights are drawn uniformly from ± this range; 0 for the defaults of
            Keras. The released recipe uses 0.01.
        forget_bias: Initial bias of the forget gates.
    """

    def __init__(
        self,
        classes: Positive,
        *,
        units: Positive = 256,
        layers: Depth = 1,
        output: Literal["every_step", "last"] = "every_step",
        bidirectional: bool = False,
        dense: NotNegative = 0,
        feature_dropout: Rate = 0.0,
        dropout: Rate = 0.0,
        initializer_range: NumberNotNegative = 0.0,
        forget_bias: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.last, self.bidirectional = output == "last", bidirectional
        limit = initializer_range
        with built_under(self.dtype_policy):
            self.drop_feature = seeded_dropout(feature_dropout)
            self.drop = seeded_dropout(dropout)
            self.stack, self.back = (
                lstm_stack(count, units, initializer_range=limit, forget_bias=forget_bias)
                for count in (layers, layers if bidirectional else 0)
            )
            self.dense = projection(dense, "dense", limit, activation="relu") if dense else None
            self.labels = projection(classes, "labels", limit)

    @property
    def causal(self) -> bool:
        """Whether frames can be streamed: True unless a stack reads the clip backward."""
        return not self.bidirectional

    @property
    def every_step(self) -> bool:
        """Whether the decoder gives logits at every step: True with `output: every_step`."""
        return not self.last

    def build(self, encoded_shape: tuple[Shape, Shape]) -> None:
        """Build the weights for features (B, S, R, D)."""
        width = build_stack(self.stack, encoded_shape[0][-1])
        if self.bidirectional:
            width += build_stack(self.back, encoded_shape[0][-1])
        if self.dense is not None:
            self.dense.build((None, width))
            width = self.dense.units
        self.labels.build((None, width))

    def call(self, encoded: Encoded, training: bool = False) -> tuple[Tensor, Tensor]:
        """Return logits (B, S, C) and mask (B, S), with S = 1 for `output: last`."""
        features, lengths = self.inputs(encoded)
        features = sequence_dropout(features, self.drop_feature, training=training)
        outputs = self._run_stack(self.stack, features, lengths, training)
        if self.bidirectional:
            reversed_features = reverse_steps(features, lengths)
            backward = self._run_stack(self.back, reversed_features, lengths, training)
            if not self.last:
                backward = reverse_steps(backward, lengths)
            outputs = ops.concatenate([outputs, backward], axis=-1)
        if not self.last:
            logits = ops.transpose(self._classify(outputs), (1, 0, 2))
            return original_steps(logits, encoded.mask), encoded.mask
        last = last_step(outputs, lengths, ops.zeros_like(outputs[0]))
        return self._classify(last)[:, None], lengths[:, None] > 0

    def inputs(self, encoded: Encoded) -> tuple[Tensor, Tensor]:
        """Return the inputs of the LSTM layers (S, B, D), and the number of real steps (B,)."""
        return steps_first(encoded)

    def initial_state(self, batch: int) -> State:
        """Return zeros for (h, c) of each layer."""
        if self.bidirectional:
            return super().initial_state(batch)
        return tuple(layer.zero_state(batch) for layer in self.stack)

    def step(self, features: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, C) and the next state after the features (B, R, D) of a step."""
        if self.bidirectional:
            return super().step(features, state)
        x, states = ops.cast(ops.mean(features, axis=1), self.compute_dtype), []
        for layer, layer_state in zip(self.stack, state, strict=True):
            x, next_state = layer.step(layer.project(x), layer_state)
            states.append(next_state)
        return self._classify(x), tuple(states)

    def _run_stack(
        self, stack: Sequence[Lstm], x: Tensor, lengths: Tensor, training: bool
    ) -> Tensor:
        """Return the outputs (S, B, U) of a stack over x (S, B, D)."""
        for layer in stack:
            x, _ = layer.sequence(layer.project(x), layer.zero_state(ops.shape(x)[1]), lengths)
            x = sequence_dropout(x, self.drop, training=training)
        return x

    def _classify(self, outputs: Tensor) -> Tensor:
        if self.dense is not None:
            outputs = self.dense(outputs)
        return ops.cast(self.labels(outputs), at_least_float32(self.compute_dtype))


def reverse_steps(sequence: Tensor, lengths: Tensor) -> Tensor:
    """Reverse the real steps of each clip of a batch (S, B, D); padding stays at the end."""
    steps = ops.arange(ops.shape(sequence)[0])[:, None]
    positions = ops.where(steps < lengths, lengths - 1 - steps, steps)
    return ops.take_along_axis(
        sequence, ops.broadcast_to(positions[:, :, None], ops.shape(sequence)), axis=0
    )
