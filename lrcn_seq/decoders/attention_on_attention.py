"""Attention on attention for image captioning, AoANet (Huang et al. 2019, section 3)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import keras
from annotated_types import Ge, Le
from keras import ops
from keras.layers import Dense, LayerNormalization

from lrcn_seq.decoders._blocks import (
    apply_mask,
    dropout_masks,
    of_captions,
    projection,
    word_embedding,
)
from lrcn_seq.decoders.base import DenseWordDecoder, Memory, Shape, State
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.lstm import Lstm
from lrcn_seq.layers.multi_head_attention import MultiHeadAttention
from lrcn_seq.layers.pooling import as_memory, masked_mean
from lrcn_seq.layers.precision import built_under
from lrcn_seq.layers.scan import scan
from lrcn_seq.records import Encoded, NumberNotNegative, Positive, Rate, StepOutput, Tensor
from lrcn_seq.registry import decoders


def attention_on_attention(layer: Dense, attended: Tensor, query: Tensor) -> Tensor:
    """Return i ∘ σ(g) with [i, g] = W [attended, query] + b (equations 2 to 5).

    Args:
        layer: Layer of width 2U.
        attended: Result (..., U) of the attention.
        query: Query (..., U) of the attention.
    """
    information, gate = ops.split(layer(ops.concatenate([attended, query], axis=-1)), 2, axis=-1)
    return information * ops.sigmoid(gate)


@decoders.register
class AttentionOnAttention(DenseWordDecoder):
    """An LSTM whose multi-head attention is filtered by a gate from the query and the result.

    The regions of all real steps are projected to width U and refined by layers of self-attention.
    At every step, with their mean v and the embedded word y (equations 9 to 11):

        h, m = LSTM([y, v + c_before])  f = attention(h, regions)  c = AoA(f, h)
        logits = W c + b

    where AoA(f, q) = i ∘ σ(g) with i = W_q q + W_f f + b and g of the same form.

    Args:
        vocabulary_size: Number of words V.
        units: Width U of the LSTM and of the regions.
        embedding: Width E of the word embedding.
        heads: Number of attention heads, which divides `units`.
        refine_layers: Number of layers that refine the regions; 0 for none.
        feature_dropout: Dropout rate of the regions.
        dropout: Dropout rate of the embedded words and of the input of the output layer, with one
            mask per caption, and of the output of each refining layer.
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
        heads: Positive = 8,
        refine_layers: Annotated[int, Ge(0), Le(64)] = 6,
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
            self.feature = projection(units, "feature", limit)
            self.refiners = [
                Refiner(units, heads, dropout=dropout, initializer_range=limit)
                for _ in range(refine_layers)
            ]
            self.attention = MultiHeadAttention(units, heads, initializer_range=limit)
            self.filter = projection(2 * units, "filter", limit)
            self.embed = word_embedding(vocabulary_size, embedding, limit)
            self.lstm = Lstm(units, initializer_range=limit, forget_bias=forget_bias)
            self.context_gates = projection(4 * units, "context_gates", limit, bias=False)
            self.drop = seeded_dropout(dropout)
            self.output_words = projection(vocabulary_size, "output_words", limit)

    def build(self, encoded_shape: tuple[Shape, Shape], words_shape: Shape | None = None) -> None:  # noqa: ARG002 - Keras passes the shape of every argument
        """Build the weights for features (B, S, R, D)."""
        regions = (None, None, self.lstm.units)
        self.feature.build((None, None, encoded_shape[0][-1]))
        for refiner in self.refiners:
            refiner.build(regions)
        self.attention.build(regions, regions)
        self.filter.build((None, 2 * self.lstm.units))
        self.embed.build((None,))
        self.lstm.build((None, self.embed.output_dim))
        self.context_gates.build((None, self.lstm.units))
        self.output_words.build((None, self.lstm.units))

    def start(
        self, encoded: Encoded, *, owner: Tensor | None = None, training: bool = False
    ) -> tuple[Memory, State]:
        """Return memory and state before the first word.

        The memory consists of the keys and values of the refined regions for all heads, the mask
        (B, M) of the regions, the contribution (B, 4U) of their mean to the gates and the dropout
        masks, with M = S·R. The state is (h, m) and the context c.
        """
        regions, real = as_memory(encoded)
        regions = self.feature(self.drop_feature(regions, training=training))
        for refiner in self.refiners:
            regions = refiner(regions, real, training=training)
        mean = masked_mean(Encoded(regions[:, :, None], real))
        shared = self.attention.project(regions), real, self.context_gates(mean)
        heads, real, gates = of_captions(shared, owner)
        batch, widths = ops.shape(gates)[0], (self.embed.output_dim, self.lstm.units)
        masks = dropout_masks(self.drop, widths, batch, self.compute_dtype, training=training)
        state = self.lstm.zero_state(batch)
        return (heads, real, gates, masks), (state, state[0])

    def step(self, word: Tensor, state: State, memory: Memory) -> StepOutput:
        """Advance by one word (B,).

        The output has attention weights (B, M), M = S·R, averaged over the heads.
        """
        state, weights = self._advance(self._word_gates(word, memory), state, memory)
        output = apply_mask(state[1], memory[-1], 1)
        return StepOutput(self.project(output), ops.mean(weights[:, :, 0], axis=1), state)

    def hidden(
        self,
        encoded: Encoded,
        words: Tensor,
        training: bool = False,
        owner: Tensor | None = None,
    ) -> Tensor:
        """Return the contexts c of all steps, (B, L, U)."""
        memory, state = self.start(encoded, owner=owner, training=training)
        inputs = self._word_gates(ops.transpose(words), memory)
        _, (_, contexts) = scan(lambda carry, x: self._advance(x, carry, memory)[0], state, inputs)
        return ops.transpose(apply_mask(contexts, memory[-1], 1), (1, 0, 2))

    def _word_gates(self, words: Tensor, memory: Memory) -> Tensor:
        """Return the contribution (..., B, 4U) of words to the gates."""
        return self.lstm.project(apply_mask(self.embed(words), memory[-1], 0))

    def _advance(self, inputs: Tensor, state: State, memory: Memory) -> tuple[State, Tensor]:
        """Advance the LSTM by one step and attend.

        Args:
            inputs: Contribution (B, 4U) of the embedded word to the gates.
            state: (h, m) and c before the step.
            memory: Memory from `start`.

        Returns:
            The next state and the attention weights (B, H, 1, M).
        """
        (keys, values), real, image, _ = memory
        lstm_state, context = state
        gates = inputs + image + self.context_gates(context)
        hidden, lstm_state = self.lstm.step(gates, lstm_state)
        attended, weights = self.attention.attend(hidden[:, None], keys, values, real[:, None])
        context = attention_on_attention(self.filter, attended[:, 0], hidden)
        return (lstm_state, context), weights


class Refiner(keras.layers.Layer):
    """A layer of self-attention over regions, A' = norm(A + AoA(A)) (equation 7).

    Args:
        units: Width U of the regions.
        heads: Number of attention heads.
        dropout: Dropout rate of AoA(A).
        initializer_range: Weights are drawn uniformly from ± this range; 0 for the defaults of
            Keras.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(
        self, units: int, heads: int, *, dropout: float, initializer_range: float, **kwargs: Any
    ):
        super().__init__(**kwargs)
        with built_under(self.dtype_policy):
            self.attention = MultiHeadAttention(units, heads, initializer_range=initializer_range)
            self.filter = projection(2 * units, "filter", initializer_range)
            self.drop = seeded_dropout(dropout, rank=3)
            self.normalize = LayerNormalization(name="normalize")

    def build(self, regions_shape: Any, real_shape: Any = None) -> None:  # noqa: ARG002 - Keras passes the shape of every argument
        """Build the weights for regions (B, M, U)."""
        self.attention.build(regions_shape, regions_shape)
        self.filter.build((None, None, 2 * self.attention.units))
        self.normalize.build(regions_shape)

    def call(self, regions: Tensor, real: Tensor, training: bool = False) -> Tensor:
        """Return the refined regions (B, M, U).

        Args:
            regions: Regions (B, M, U).
            real: (B, M), True at real regions.
            training: Whether dropout is active.
        """
        heads = self.attention.project(regions)
        attended, _ = self.attention.attend(regions, *heads, real[:, None])
        added = attention_on_attention(self.filter, attended, regions)
        return self.normalize(regions + self.drop(added, training=training))
