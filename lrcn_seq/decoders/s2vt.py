"""S2VT: sequence to sequence, video to text (Venugopalan et al. 2015, section 3.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops

from lrcn_seq.decoders._blocks import (
    apply_mask,
    dropout_masks,
    lstm_stack,
    projection,
    sequence_dropout,
    word_embedding,
)
from lrcn_seq.decoders.base import LstmWordDecoder, Memory, Shape, State
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.pooling import steps_first
from lrcn_seq.layers.precision import built_under
from lrcn_seq.records import Encoded, NumberNotNegative, Positive, Rate, Tensor
from lrcn_seq.registry import decoders


@decoders.register
class S2vt(LstmWordDecoder):
    """Two LSTM layers that read the frames and then write the words with the same weights.

    The first layer reads the projected frames, then zeros. The second layer reads the output of
    the first, concatenated with zeros during the frames and with the embedded words after them.

    Args:
        vocabulary_size: Number of words V.
        units: Width U of the LSTM layers.
        embedding: Width E of the word embedding.
        frame_units: Width F of the projection of the features.
        feature_dropout: Dropout rate of the features.
        dropout: Dropout rate of the projected frames, the embedded words and the output of both
            layers, with one mask per caption.
        initializer_range: Weights are drawn uniformly from ± this range; 0 for the defaults of
            Keras.
        forget_bias: Initial bias of the forget gates.
    """

    def __init__(
        self,
        vocabulary_size: Positive,
        *,
        units: Positive = 1000,
        embedding: Positive = 500,
        frame_units: Positive = 500,
        feature_dropout: Rate = 0.0,
        dropout: Rate = 0.0,
        initializer_range: NumberNotNegative = 0.0,
        forget_bias: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size, limit = vocabulary_size, initializer_range
        with built_under(self.dtype_policy):
            self.drop_feature = seeded_dropout(feature_dropout)
            self.drop = seeded_dropout(dropout)
            self.frame = projection(frame_units, "frame", limit)
            self.embed = word_embedding(vocabulary_size, embedding, limit)
            # The first and the second layer. Files of weights refer to these attribute names.
            self.watcher, self.writer = lstm_stack(
                2, units, initializer_range=limit, forget_bias=forget_bias
            )
            self.output_words = projection(vocabulary_size, "output_words", limit)

    def build(self, encoded_shape: tuple[Shape, Shape], words_shape: Shape | None = None) -> None:  # noqa: ARG002 - Keras passes the shape of every argument
        """Build the weights for features (B, S, R, D)."""
        self.frame.build((None, encoded_shape[0][-1]))
        self.embed.build((None,))
        self.watcher.build((None, self.frame.units))
        self.writer.build((None, self.watcher.units + self.embed.output_dim))
        self.output_words.build((None, self.writer.units))

    def start(self, encoded: Encoded, *, training: bool = False) -> tuple[Memory, State]:
        """Return memory (the dropout masks) and state: (h, c) of both layers after the frames."""
        features, lengths = steps_first(encoded)
        batch = ops.shape(lengths)[0]
        widths = (self.frame.units, self.embed.output_dim, self.watcher.units, self.writer.units)
        masks = dropout_masks(self.drop, widths, batch, self.compute_dtype, training=training)
        features = sequence_dropout(features, self.drop_feature, training=training)
        frames = apply_mask(self.frame(features), masks, 0)
        zero_state = self.watcher.zero_state(batch)
        outputs, first = self.watcher.sequence(self.watcher.project(frames), zero_state, lengths)
        no_words = ops.zeros((*ops.shape(outputs)[:2], self.embed.output_dim), self.compute_dtype)
        _, second = self.writer.sequence(
            self._project_second(outputs, no_words, masks), zero_state, lengths
        )
        return (masks,), (first, second)

    def run_layers(
        self, words: Tensor, state: State, memory: Memory, method: Callable[..., Any]
    ) -> tuple[Tensor, State]:
        """Run both layers over the words of one step or of all steps."""
        (masks,), (first, second) = memory, state
        no_frames = ops.zeros((*ops.shape(words)[:-1], self.frame.units), self.compute_dtype)
        outputs, first = method(self.watcher, self.watcher.project(no_frames), first)
        outputs, second = method(self.writer, self._project_second(outputs, words, masks), second)
        return apply_mask(outputs, masks, 3), (first, second)

    def _project_second(self, outputs: Tensor, words: Tensor, masks: Sequence[Tensor]) -> Tensor:
        """Return the gate inputs (..., 4U) of the second layer.

        Args:
            outputs: Outputs (..., U) of the first layer.
            words: Embedded words (..., E).
            masks: Dropout masks.
        """
        inputs = apply_mask(outputs, masks, 2), apply_mask(words, masks, 1)
        return self.writer.project(ops.concatenate(inputs, axis=-1))
