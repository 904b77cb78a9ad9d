"""The LSTM language models of LRCN: 1u, 2u, 2f and 4f (Donahue et al. 2015, section 4.2)."""

from __future__ import annotations

from typing import Literal

import keras
from keras import ops
from keras.layers import Dense, Embedding

from lrcn_seq.decoders.base import LstmWordDecoder
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.lstm import Lstm, uniform
from lrcn_seq.layers.pooling import masked_mean
from lrcn_seq.layers.precision import built_under
from lrcn_seq.records import Encoded, NotNegative, NumberNotNegative, Positive, Rate
from lrcn_seq.registry import decoders


@decoders.register
class Lrcn(LstmWordDecoder):
    """A stack of LSTM layers over words, with the mean feature of the picture or clip as a static input.

    The feature v is projected once, W v, and added to the gates of one layer: of the first (unfactored), or, factored, of the
    layer in the middle, so that the layers below it see words only: (layers, factored) = (1, no) 1u · (2, no) 2u · (2, yes) 2f · (4, yes) 4f.

    `image`: `every_step` (the paper), or `first`: once, as a step of its own before the words (Vinyals et al. 2015, section 3.1).
    `feature_units`: width of a trained projection of the feature, as the paper's fc8; 0 for none. `feature_dropout` comes before it.
    `dropout` falls on the embedded words and on every layer's output, one mask a sentence (Gal & Ghahramani 2016).
    `initializer_range`: uniform ± of all weights; 0 for Keras's defaults. The released recipe has 0.08, and `forget_bias` 0.
    """

    def __init__(
        self,
        vocabulary_size: Positive,
        *,
        layers: Literal[1, 2, 4] = 2,
        factored: bool = True,
        units: Positive = 512,
        embedding: Positive = 512,
        image: Literal["every_step", "first"] = "every_step",
        feature_units: NotNegative = 0,
        feature_dropout: Rate = 0.0,
        dropout: Rate = 0.0,
        initializer_range: NumberNotNegative = 0.0,
        forget_bias: float = 1.0,
        output_bias: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size, self.image, self.image_layer = (
            vocabulary_size,
            image,
            layers // 2 if factored else 0,
        )

        def weights() -> keras.initializers.Initializer:
            return uniform(initializer_range, "glorot_uniform")

        with built_under(self.dtype_policy):
            self.drop_feature = seeded_dropout(feature_dropout)
            self.feature = (
                Dense(feature_units, kernel_initializer=weights(), name="feature")
                if feature_units
                else None
            )
            self.image_gates = Dense(
                4 * units, use_bias=False, kernel_initializer=weights(), name="image_gates"
            )
            self.embed = Embedding(
                vocabulary_size,
                embedding,
                embeddings_initializer=uniform(initializer_range, "uniform"),
            )
            self.drop = seeded_dropout(dropout)
            self.stack = [
                Lstm(units, initializer_range=initializer_range, forget_bias=forget_bias)
                for _ in range(layers)
            ]
            self.output_words = Dense(
                vocabulary_size,
                use_bias=output_bias,
                kernel_initializer=weights(),
                name="output_words",
            )

    def build(self, encoded_shape, words_shape=None):  # noqa: ARG002 - Keras gives the shape of every argument
        """Weights for features (B, S, R, D)."""
        width = encoded_shape[0][-1]
        if self.feature is not None:
            self.feature.build((None, width))
            width = self.feature.units
        self.image_gates.build((None, width))
        self.embed.build((None,))
        for layer, entering in zip(self.stack, self._entering, strict=False):
            layer.build((None, entering))
        self.output_words.build((None, self._entering[-1]))

    def start(self, encoded: Encoded, *, training: bool = False):
        """Memory: W v (B, 4U), where it enters at every step, and the dropout masks; state: (h, c) of each layer."""
        feature = self.drop_feature(masked_mean(encoded), training=training)
        image = (self.image_gates(feature if self.feature is None else self.feature(feature)),)
        batch = ops.shape(image[0])[0]
        masks = self._masks(batch) if training and self.drop.rate else ()
        state = tuple(layer.zero_state(batch) for layer in self.stack)
        if self.image == "every_step":
            return (image, masks), state
        nothing = ops.zeros((batch, self._entering[self.image_layer]), self.compute_dtype)
        return ((), masks), self.write(
            nothing, state, (image, masks), Lstm.step, first=self.image_layer
        )[1]

    @property
    def _entering(self) -> list[int]:
        """The width of what enters each layer, and of what leaves the last."""
        return [self.embed.output_dim, *(layer.units for layer in self.stack)]

    def _masks(self, batch):
        return tuple(
            self.drop(ops.ones((batch, width), self.compute_dtype), training=True)
            for width in self._entering
        )

    def write(self, words, state, memory, recur, *, first: int = 0):
        """The stack from layer `first` on, over one step or all."""
        (image, masks), x, states = memory, words, list(state)
        for index in range(first, len(self.stack)):
            sums = self.stack[index].project(x * masks[index] if masks else x)
            if image and index == self.image_layer:
                sums = sums + image[0]
            x, states[index] = recur(self.stack[index], sums, state[index])
        return (x * masks[-1] if masks else x), tuple(states)
