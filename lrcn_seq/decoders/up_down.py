"""The top-down part of "Bottom-Up and Top-Down Attention" (Anderson et al. 2018, section 3.2)."""

from __future__ import annotations

from typing import Any, ClassVar

from keras import ops

from lrcn_seq.decoders._blocks import (
    apply_mask,
    dropout_masks,
    lstm_stack,
    of_captions,
    projection,
    word_embedding,
)
from lrcn_seq.decoders.base import DenseWordDecoder, Memory, Shape, State
from lrcn_seq.layers.attention import Attention
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.hierarchical_attention import HierarchicalAttention
from lrcn_seq.layers.pooling import as_memory, masked_mean
from lrcn_seq.layers.precision import built_under
from lrcn_seq.layers.scan import scan
from lrcn_seq.records import (
    Encoded,
    NotNegative,
    NumberNotNegative,
    Positive,
    Rate,
    StepOutput,
    Tensor,
)
from lrcn_seq.registry import decoders


@decoders.register
class UpDown(DenseWordDecoder):
    """An attention LSTM, whose output selects regions, and a language LSTM, which writes words.

    At every step, with the mean feature v, the embedded word y and the regions a_m of all real
    steps:

        h1 = LSTM1([h2, v, y])  α = softmax(w · tanh(K a_m + Q h1 + b))  context = Σ α_m a_m
        h2 = LSTM2([context, h1])  logits = W h2 + b

    Args:
        vocabulary_size: Number of words V.
        units: Width U of both LSTM layers.
        embedding: Width E of the word embedding.
        attention: Width A of the keys and queries.
        hierarchical: Whether attention selects regions within each frame, then frames, instead of
            selecting among the regions of all frames at once.
        feature_units: Width to which every region is projected first; 0 for no projection.
        feature_dropout: Dropout rate of the regions.
        dropout: Dropout rate of the embedded words and of the output of the language LSTM, with one
            mask per caption.
        initializer_range: Weights are drawn uniformly from ± this range; 0 for the defaults of
            Keras.
        forget_bias: Initial bias of the forget gates.
    """

    shares_clips: ClassVar[bool] = True

    def __init__(
        self,
        vocabulary_size: Positive,
        *,
        units: Positive = 512,
        embedding: Positive = 512,
        attention: Positive = 256,
        hierarchical: bool = False,
        feature_units: NotNegative = 0,
        feature_dropout: Rate = 0.0,
        dropout: Rate = 0.0,
        initializer_range: NumberNotNegative = 0.0,
        forget_bias: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size, limit = vocabulary_size, initializer_range
        with built_under(self.dtype_policy):
            self.drop_feature = seeded_dropout(feature_dropout, rank=3)
            self.feature = projection(feature_units, "feature", limit) if feature_units else None
            kind = HierarchicalAttention if hierarchical else Attention
            self.attention = kind(attention, initializer_range=limit)
            self.embed = word_embedding(vocabulary_size, embedding, limit)
            self.attention_lstm, self.language_lstm = lstm_stack(
                2, units, initializer_range=limit, forget_bias=forget_bias
            )
            self.image_gates, self.language_gates, self.context_gates = (
                projection(4 * units, name, limit, bias=False)
                for name in ("image_gates", "language_gates", "context_gates")
            )
            self.drop = seeded_dropout(dropout)
            self.output_words = projection(vocabulary_size, "output_words", limit)

    def build(self, encoded_shape: tuple[Shape, Shape], words_shape: Shape | None = None) -> None:  # noqa: ARG002 - Keras passes the shape of every argument
        """Build the weights for features (B, S, R, D)."""
        width, units = encoded_shape[0][-1], self.attention_lstm.units
        if self.feature is not None:
            self.feature.build((None, None, width))
            width = self.feature.units
        self.attention.build((None, *encoded_shape[0][1:3], width), (None, units))
        self.embed.build((None,))
        self.attention_lstm.build((None, self.embed.output_dim))
        self.language_lstm.build((None, units))
        self.image_gates.build((None, width))
        self.language_gates.build((None, units))
        self.context_gates.build((None, width))
        self.output_words.build((None, units))

    def start(
        self, encoded: Encoded, *, owner: Tensor | None = None, training: bool = False
    ) -> tuple[Memory, State]:
        """Return memory and state before the first word.

        The memory consists of the regions (B, M, D), their keys, their mask, the contribution
        (B, 4U) of the mean feature to the gates and the dropout masks, with M = S·R. The state is
        (h, c) of the attention LSTM and of the language LSTM.
        """
        regions, real = as_memory(encoded)
        regions = self.drop_feature(regions, training=training)
        if self.feature is not None:
            regions = self.feature(regions)
        image = self.image_gates(masked_mean(Encoded(regions[:, :, None], real)))
        shared = regions, self.attention.keys(regions), real, image
        regions, keys, real, image = of_captions(shared, owner)
        batch, layers = ops.shape(image)[0], (self.attention_lstm, self.language_lstm)
        widths = self.embed.output_dim, self.language_lstm.units
        masks = dropout_masks(self.drop, widths, batch, self.compute_dtype, training=training)
        memory = regions, keys, real, image, masks
        return memory, tuple(layer.zero_state(batch) for layer in layers)

    def step(self, word: Tensor, state: State, memory: Memory) -> StepOutput:
        """Advance by one word (B,); the output has attention weights (B, M), M = S·R."""
        state, weights = self._advance(self._word_gates(word, memory), state, memory)
        output = apply_mask(state[1][0], memory[-1], 1)
        return StepOutput(self.project(output), weights, state)

    def hidden(
        self,
        encoded: Encoded,
        words: Tensor,
        training: bool = False,
        owner: Tensor | None = None,
    ) -> Tensor:
        """Return the outputs (B, L, U) of the language LSTM."""
        memory, state = self.start(encoded, owner=owner, training=training)
        inputs = self._word_gates(ops.transpose(words), memory)
        _, (_, (outputs, _)) = scan(
            lambda carry, x: self._advance(x, carry, memory)[0], state, inputs
        )
        return ops.transpose(apply_mask(outputs, memory[-1], 1), (1, 0, 2))

    def _word_gates(self, words: Tensor, memory: Memory) -> Tensor:
        """Return the contribution (..., B, 4U) of words (..., B) to the gates of the first LSTM."""
        return self.attention_lstm.project(apply_mask(self.embed(words), memory[-1], 0))

    def _advance(self, inputs: Tensor, state: State, memory: Memory) -> tuple[State, Tensor]:
        """Advance both LSTM layers by one step.

        Args:
            inputs: Contribution (B, 4U) of the embedded word to the gates of the attention LSTM.
            state: State before the step.
            memory: Memory from `start`.

        Returns:
            The next state and the attention weights (B, M).
        """
        regions, keys, real, image, _ = memory
        first, second = state
        gates = inputs + image + self.language_gates(second[0])
        hidden, first = self.attention_lstm.step(gates, first)
        context, weights = self.attention.attend(hidden, keys, regions, real)
        gates = self.language_lstm.project(hidden) + self.context_gates(context)
        _, second = self.language_lstm.step(gates, second)
        return (first, second), weights
