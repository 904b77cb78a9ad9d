"""One LSTM reads the clip, another writes the sentence (Donahue et al. 2015, section 5, figure 5a; Sutskever et al. 2014)."""

from __future__ import annotations

from itertools import pairwise

from keras import ops
from keras.layers import Dense, Embedding

from lrcn_seq.decoders.base import LstmWordDecoder
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.lstm import Lstm, uniform
from lrcn_seq.layers.pooling import steps_first
from lrcn_seq.layers.precision import built_under
from lrcn_seq.records import Encoded, NumberNotNegative, Positive, Rate
from lrcn_seq.registry import decoders


@decoders.register
class EncoderDecoder(LstmWordDecoder):
    """`layers` LSTM over the features of all real steps; their last states are the first ones of as many over the words.

    `feature_dropout` falls on the features, `dropout` on the embedded words and on every layer's output, one mask a sentence.
    `initializer_range`: uniform ± of all weights; 0 for Keras's defaults.
    """

    def __init__(
        self,
        vocabulary_size: Positive,
        *,
        units: Positive = 512,
        embedding: Positive = 512,
        layers: Positive = 1,
        feature_dropout: Rate = 0.0,
        dropout: Rate = 0.0,
        initializer_range: NumberNotNegative = 0.0,
        forget_bias: float = 1.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size

        def stack() -> list[Lstm]:
            return [
                Lstm(units, initializer_range=initializer_range, forget_bias=forget_bias)
                for _ in range(layers)
            ]

        with built_under(self.dtype_policy):
            self.drop_feature, self.drop = seeded_dropout(feature_dropout), seeded_dropout(dropout)
            self.readers, self.writers = stack(), stack()
            self.embed = Embedding(
                vocabulary_size,
                embedding,
                embeddings_initializer=uniform(initializer_range, "uniform"),
            )
            self.output_words = Dense(
                vocabulary_size,
                kernel_initializer=uniform(initializer_range, "glorot_uniform"),
                name="output_words",
            )

    def build(self, encoded_shape, words_shape=None):  # noqa: ARG002 - Keras gives the shape of every argument
        """Weights for features (B, S, R, D)."""
        self.embed.build((None,))
        for stack, width in (
            (self.readers, encoded_shape[0][-1]),
            (self.writers, self.embed.output_dim),
        ):
            widths = [width, *(layer.units for layer in stack)]
            for layer, (entering, _) in zip(stack, pairwise(widths), strict=True):
                layer.build((None, entering))
        self.output_words.build((None, self.writers[-1].units))

    def start(self, encoded: Encoded, *, training: bool = False):
        """Memory: the dropout masks; state: (h, c) of each layer after the clip."""
        features, lengths = steps_first(encoded)
        batch = ops.shape(lengths)[0]
        masks = self._masks(batch) if training and self.drop.rate else ()
        if training and self.drop_feature.rate:
            features = features * self.drop_feature(ops.ones_like(features[0]), training=True)
        x, states = features, []
        for index, layer in enumerate(self.readers):
            x, state = layer.sequence(layer.project(x), layer.zero_state(batch), lengths)
            x = x * masks[index + 1] if masks else x
            states.append(state)
        return (masks,), tuple(states)

    def _masks(self, batch):
        """A dropout mask for the embedded words and one for each layer's output."""
        widths = [self.embed.output_dim, *(layer.units for layer in self.writers)]
        return tuple(
            self.drop(ops.ones((batch, width), self.compute_dtype), training=True)
            for width in widths
        )

    def write(self, words, state, memory, recur):
        """The writing layers over one step, x (B, E) and recur Lstm.step, or over all, x (L, B, E) and Lstm.sequence."""
        (masks,), states = memory, []
        x = words * masks[0] if masks else words
        for index, layer in enumerate(self.writers):
            x, after = recur(layer, layer.project(x), state[index])
            x = x * masks[index + 1] if masks else x
            states.append(after)
        return x, tuple(states)
