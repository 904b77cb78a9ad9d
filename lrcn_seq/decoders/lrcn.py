"""The LSTM language models of LRCN: 1u, 2u, 2f and 4f (Donahue et al. 2015, section 4.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from keras import ops

from lrcn_seq.decoders._blocks import (
    apply_mask,
    build_stack,
    dropout_masks,
    lstm_stack,
    projection,
    word_embedding,
)
from lrcn_seq.decoders.base import LstmWordDecoder, Memory, Shape, State
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.lstm import Lstm
from lrcn_seq.layers.pooling import masked_mean
from lrcn_seq.layers.precision import built_under
from lrcn_seq.records import Encoded, NotNegative, NumberNotNegative, Positive, Rate, Tensor
from lrcn_seq.registry import decoders


@decoders.register
class Lrcn(LstmWordDecoder):
    """A stack of LSTM layers over words, with the mean feature of the image or clip as input.

    The feature v is projected once, W v, and added to the gates of one layer. In an unfactored
    model this is the first layer; in a factored one it is the middle layer, so that the layers
    below see only words. The models of the paper are, as (layers, factored): 1u (1, false),
    2u (2, false), 2f (2, true) and 4f (4, true).

    Args:
        vocabulary_size: Number of words V.
        layers: Number of LSTM layers.
        factored: Whether the feature enters the middle layer instead of the first.
        units: Width U of the LSTM layers.
        embedding: Width E of the word embedding.
        image: `every_step` adds the feature at every step, as in the paper. `first` feeds the
            feature once, as a step before the words (Vinyals et al. 2015, section 3.1).
        feature_units: Width of a trained projection of the feature, fc8 in the paper; 0 for none.
        feature_dropout: Dropout rate of the feature, before its projection.
        dropout: Dropout rate of the embedded words and of the output of every layer, with one mask
            per caption (Gal & Ghahramani 2016).
        initializer_range: Weights are drawn uniformly from ± this range; 0 for the defaults of
            Keras. The released recipe uses 0.08.
        forget_bias: Initial bias of the forget gates. The released recipe uses 0.
        output_bias: Whether the output layer has a bias.
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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size, self.image = vocabulary_size, image
        self.image_layer = layers // 2 if factored else 0
        limit = initializer_range
        with built_under(self.dtype_policy):
            self.drop_feature = seeded_dropout(feature_dropout)
            self.feature = projection(feature_units, "feature", limit) if feature_units else None
            self.image_gates = projection(4 * units, "image_gates", limit, bias=False)
            self.embed = word_embedding(vocabulary_size, embedding, limit)
            self.drop = seeded_dropout(dropout)
            self.stack = lstm_stack(layers, units, initializer_range=limit, forget_bias=forget_bias)
            self.output_words = projection(vocabulary_size, "output_words", limit, bias=output_bias)

    def build(self, encoded_shape: tuple[Shape, Shape], words_shape: Shape | None = None) -> None:  # noqa: ARG002 - Keras passes the shape of every argument
        """Build the weights for features (B, S, R, D)."""
        width = encoded_shape[0][-1]
        if self.feature is not None:
            self.feature.build((None, width))
            width = self.feature.units
        self.image_gates.build((None, width))
        self.embed.build((None,))
        self.output_words.build((None, build_stack(self.stack, self.embed.output_dim)))

    def start(self, encoded: Encoded, *, training: bool = False) -> tuple[Memory, State]:
        """Return memory and state before the first word.

        The memory consists of W v (B, 4U), if the feature is added at every step, and the dropout
        masks. The state is (h, c) of each layer.
        """
        feature = self.drop_feature(masked_mean(encoded), training=training)
        if self.feature is not None:
            feature = self.feature(feature)
        image = (self.image_gates(feature),)
        batch = ops.shape(feature)[0]
        widths = self._input_widths
        masks = dropout_masks(self.drop, widths, batch, self.compute_dtype, training=training)
        state = tuple(layer.zero_state(batch) for layer in self.stack)
        if self.image == "every_step":
            return (image, masks), state
        zeros = ops.zeros((batch, widths[self.image_layer]), self.compute_dtype)
        _, state = self.run_layers(zeros, state, (image, masks), Lstm.step, first=self.image_layer)
        return ((), masks), state

    def run_layers(
        self,
        words: Tensor,
        state: State,
        memory: Memory,
        method: Callable[..., Any],
        *,
        first: int = 0,
    ) -> tuple[Tensor, State]:
        """Run the LSTM layers from layer `first`, which reads `words`."""
        (image, masks), x, states = memory, words, list(state)
        for index in range(first, len(self.stack)):
            layer = self.stack[index]
            gates = layer.project(apply_mask(x, masks, index))
            if image and index == self.image_layer:
                gates = gates + image[0]
            x, states[index] = method(layer, gates, state[index])
        return apply_mask(x, masks, -1), tuple(states)

    @property
    def _input_widths(self) -> list[int]:
        """Input width of each layer, then the output width of the last."""
        return [self.embed.output_dim, *(layer.units for layer in self.stack)]
