"""An LSTM over the clip followed by an LSTM over the caption.

Donahue et al. 2015, section 5, figure 5a, after Sutskever et al. 2014.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from lrcn_seq.decoders._blocks import (
    apply_mask,
    build_stack,
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
from lrcn_seq.records import Depth, Encoded, NumberNotNegative, Positive, Rate, Tensor
from lrcn_seq.registry import decoders


@decoders.register
class EncoderDecoder(LstmWordDecoder):
    """LSTM layers over the real steps of a clip; their last states start LSTM layers over words.

    Args:
        vocabulary_size: Number of words V.
        units: Width U of the LSTM layers.
        embedding: Width E of the word embedding.
        layers: Number of LSTM layers over the clip, and the same number over the words.
        feature_dropout: Dropout rate of the features.
        dropout: Dropout rate of the embedded words and of the output of every layer. Layer n
            over the clip and layer n over the words share one mask per caption.
        initializer_range: Weights are drawn uniformly from ± this range; 0 for the defaults of
            Keras.
        forget_bias: Initial bias of the forget gates.
    """

    def __init__(
        self,
        vocabulary_size: Positive,
        *,
        units: Positive = 512,
        embedding: Positive = 512,
        layers: Depth = 1,
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
            self.readers, self.writers = (
                lstm_stack(layers, units, initializer_range=limit, forget_bias=forget_bias)
                for _ in range(2)
            )
            self.embed = word_embedding(vocabulary_size, embedding, limit)
            self.output_words = projection(vocabulary_size, "output_words", limit)

    def build(self, encoded_shape: tuple[Shape, Shape], words_shape: Shape | None = None) -> None:  # noqa: ARG002 - Keras passes the shape of every argument
        """Build the weights for features (B, S, R, D)."""
        self.embed.build((None,))
        build_stack(self.readers, encoded_shape[0][-1])
        width = build_stack(self.writers, self.embed.output_dim)
        self.output_words.build((None, width))

    def start(self, encoded: Encoded, *, training: bool = False) -> tuple[Memory, State]:
        """Return memory (the dropout masks) and state: (h, c) of each layer after the clip."""
        features, lengths = steps_first(encoded)
        batch = ops.shape(lengths)[0]
        widths = [self.embed.output_dim, *(layer.units for layer in self.writers)]
        masks = dropout_masks(self.drop, widths, batch, self.compute_dtype, training=training)
        x, states = sequence_dropout(features, self.drop_feature, training=training), []
        for index, layer in enumerate(self.readers):
            x, state = layer.sequence(layer.project(x), layer.zero_state(batch), lengths)
            x = apply_mask(x, masks, index + 1)
            states.append(state)
        return (masks,), tuple(states)

    def run_layers(
        self, words: Tensor, state: State, memory: Memory, method: Callable[..., Any]
    ) -> tuple[Tensor, State]:
        """Run the LSTM layers over the words of one step or of all steps."""
        (masks,), states = memory, []
        x = apply_mask(words, masks, 0)
        for index, layer in enumerate(self.writers):
            x, next_state = method(layer, layer.project(x), state[index])
            x = apply_mask(x, masks, index + 1)
            states.append(next_state)
        return x, tuple(states)
