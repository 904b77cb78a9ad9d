"""An LSTM over the differences of consecutive frames, which show the motion in a clip.

The input at step t is x_t - x_{t-1}, or its absolute value, and 0 at the first step. What does not
change, such as the scene, does not reach the classifier. The network is that of `lstm_frames`
(Donahue et al. 2015, section 4.1).
"""

from __future__ import annotations

from typing import Any, Literal

from keras import ops

from lrcn_seq.decoders.base import State
from lrcn_seq.decoders.lstm_frames import LstmFrames
from lrcn_seq.layers.pooling import steps_first
from lrcn_seq.records import Depth, Encoded, NotNegative, NumberNotNegative, Positive, Rate, Tensor
from lrcn_seq.registry import decoders


@decoders.register
class LstmDifferences(LstmFrames):
    """A stack of LSTM layers over the differences of consecutive steps, then a classifier.

    Args:
        classes: Number of classes C.
        difference: `absolute` for the size of a change, `signed` for the change itself.
        units: Width U of the LSTM layers.
        layers: Number of LSTM layers.
        output: `every_step` classifies every step; `last` only the last step.
        bidirectional: Whether a second stack reads the clip backward; the decoder is then not
            causal.
        dense: Width of a ReLU layer before the classifier; 0 for none.
        feature_dropout: Dropout rate of the differences, with one mask per clip.
        dropout: Dropout rate of the output of each LSTM layer, with one mask per clip.
        initializer_range: Weights are drawn uniformly from ± this range; 0 for the defaults of
            Keras.
        forget_bias: Initial bias of the forget gates.
    """

    def __init__(
        self,
        classes: Positive,
        *,
        difference: Literal["absolute", "signed"] = "absolute",
        units: Positive = 64,
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
        super().__init__(
            classes,
            units=units,
            layers=layers,
            output=output,
            bidirectional=bidirectional,
            dense=dense,
            feature_dropout=feature_dropout,
            dropout=dropout,
            initializer_range=initializer_range,
            forget_bias=forget_bias,
            **kwargs,
        )
        self.is_absolute = difference == "absolute"

    def inputs(self, encoded: Encoded) -> tuple[Tensor, Tensor]:
        """Return the differences (S, B, D), and the number of real steps (B,)."""
        features, lengths = steps_first(encoded)
        changes = features[1:] - features[:-1]
        differences = ops.concatenate([ops.zeros_like(features[:1]), self._measure(changes)])
        return differences, lengths

    def initial_state(self, batch: int) -> State:
        """Return whether there is an earlier step, its features, and (h, c) of each layer."""
        states = super().initial_state(batch)
        width = self.stack[0].kernel.shape[0]
        seen = ops.zeros((batch, 1), self.compute_dtype)
        return seen, ops.zeros((batch, width), self.compute_dtype), states

    def step(self, features: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, C) and the next state after the features (B, R, D) of a step."""
        if self.bidirectional:
            return super().step(features, state)
        seen, earlier, states = state
        feature = ops.cast(ops.mean(features, axis=1), self.compute_dtype)
        difference = self._measure((feature - earlier) * seen)
        logits, states = super().step(difference[:, None], states)
        return logits, (ops.ones_like(seen), feature, states)

    def _measure(self, changes: Tensor) -> Tensor:
        return ops.abs(changes) if self.is_absolute else changes
