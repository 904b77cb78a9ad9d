"""Adaptive attention via a visual sentinel, "Knowing When to Look" (Lu et al. 2017)."""

from __future__ import annotations

from typing import Any, ClassVar

from keras import ops

from lrcn_seq.decoders._blocks import (
    apply_mask,
    dropout_masks,
    of_captions,
    projection,
    word_embedding,
)
from lrcn_seq.decoders.base import DenseWordDecoder, Memory, Shape, State
from lrcn_seq.layers.attention import Attention
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.lstm import Lstm
from lrcn_seq.layers.pooling import as_memory, masked_mean
from lrcn_seq.layers.precision import built_under
from lrcn_seq.layers.scan import scan
from lrcn_seq.records import Encoded, NumberNotNegative, Positive, Rate, StepOutput, Tensor
from lrcn_seq.registry import decoders


@decoders.register
class AdaptiveAttention(DenseWordDecoder):
    """An LSTM that attends to all regions of all real steps or to a sentinel of its own memory.

    The projected regions are v_m = relu(W_a a_m + b_a), and the global feature is
    v = relu(W_b mean(a) + b_b). At every step, with the embedded word y (equations 6 and 9 to 13):

        x = [y, v]  h, c = LSTM(x)  s = σ(W_x x + W_h h_before + b_x) ∘ tanh(c)
        e_m = w · tanh(K v_m + Q h + b)  e_s = w · tanh(W_s s + Q h + b_s)
        α, β = softmax([e, e_s])  logits = W (β s + Σ α_m v_m + h) + b

    The attention of a step is α, whose sum is 1 − β: it is low for words that rely on the LSTM
    rather than on the regions.

    Args:
        vocabulary_size: Number of words V.
        units: Width U of the LSTM and of the projected regions.
        embedding: Width E of the word embedding.
        attention: Width A of the keys and queries.
        feature_dropout: Dropout rate of the regions, before their projection.
        dropout: Dropout rate of the embedded words and of the input of the output layer, with one
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
            self.feature, self.image = (
                projection(units, name, limit, activation="relu") for name in ("feature", "image")
            )
            self.image_gates = projection(5 * units, "image_gates", limit, bias=False)
            self.attention = Attention(attention, initializer_range=limit)
            self.embed = word_embedding(vocabulary_size, embedding, limit)
            self.lstm = Lstm(units, initializer_range=limit, forget_bias=forget_bias)
            self.sentinel_word = projection(units, "sentinel_word", limit)
            self.sentinel_hidden = projection(units, "sentinel_hidden", limit, bias=False)
            self.sentinel_key = projection(attention, "sentinel_key", limit)
            self.drop = seeded_dropout(dropout)
            self.output_words = projection(vocabulary_size, "output_words", limit)

    def build(self, encoded_shape: tuple[Shape, Shape], words_shape: Shape | None = None) -> None:  # noqa: ARG002 - Keras passes the shape of every argument
        """Build the weights for features (B, S, R, D)."""
        units, embedding = self.lstm.units, self.embed.output_dim
        self.feature.build((None, None, encoded_shape[0][-1]))
        self.image.build((None, encoded_shape[0][-1]))
        self.attention.build((None, None, units), (None, units))
        self.embed.build((None,))
        self.lstm.build((None, embedding))
        self.sentinel_word.build((None, embedding))
        for layer in (
            self.image_gates,
            self.sentinel_hidden,
            self.sentinel_key,
            self.output_words,
        ):
            layer.build((None, units))

    def start(
        self, encoded: Encoded, *, owner: Tensor | None = None, training: bool = False
    ) -> tuple[Memory, State]:
        """Return memory and state before the first word.

        The memory consists of the projected regions (B, M, U), their keys, their mask, the
        contribution (B, 5U) of the global feature to the gates of the LSTM and of the sentinel, and
        the dropout masks, with M = S·R. The state is (h, c).
        """
        regions, real = as_memory(encoded)
        regions = self.drop_feature(regions, training=training)
        mean = masked_mean(Encoded(regions[:, :, None], real))
        regions, gates = self.feature(regions), self.image_gates(self.image(mean))
        shared = regions, self.attention.keys(regions), real, gates
        regions, keys, real, gates = of_captions(shared, owner)
        batch = ops.shape(gates)[0]
        widths = self.embed.output_dim, self.lstm.units
        masks = dropout_masks(self.drop, widths, batch, self.compute_dtype, training=training)
        return (regions, keys, real, gates, masks), self.lstm.zero_state(batch)

    def step(self, word: Tensor, state: State, memory: Memory) -> StepOutput:
        """Advance by one word (B,); the output has attention weights (B, M), M = S·R."""
        state, output, weights = self._advance(self._word_gates(word, memory), state, memory)
        return StepOutput(self.project(apply_mask(output, memory[-1], 1)), weights, state)

    def hidden(
        self,
        encoded: Encoded,
        words: Tensor,
        training: bool = False,
        owner: Tensor | None = None,
    ) -> Tensor:
        """Return the sums (B, L, U) of the adaptive context and the output of the LSTM."""
        memory, state = self.start(encoded, owner=owner, training=training)
        inputs = self._word_gates(ops.transpose(words), memory)
        _, (_, outputs) = scan(
            lambda carry, x: self._advance(x, carry[0], memory)[:2], (state, state[0]), inputs
        )
        return ops.transpose(apply_mask(outputs, memory[-1], 1), (1, 0, 2))

    def _word_gates(self, words: Tensor, memory: Memory) -> Tensor:
        """Return the contribution (..., B, 5U) of words to the gates of LSTM and sentinel."""
        embedded = apply_mask(self.embed(words), memory[-1], 0)
        gates = self.lstm.project(embedded), self.sentinel_word(embedded)
        return ops.concatenate(gates, axis=-1)

    def _advance(
        self, inputs: Tensor, state: State, memory: Memory
    ) -> tuple[State, Tensor, Tensor]:
        """Advance the LSTM by one step and attend.

        Args:
            inputs: Contribution (B, 5U) of the embedded word to the gates.
            state: (h, c) before the step.
            memory: Memory from `start`.

        Returns:
            The next state, the sum (B, U) of context and h, and the attention weights (B, M).
        """
        units = self.lstm.units
        gates = inputs + memory[3]
        gate = ops.sigmoid(gates[:, 4 * units :] + self.sentinel_hidden(state[0]))
        hidden, state = self.lstm.step(gates[:, : 4 * units], state)
        context, weights = self._attend(hidden, gate * ops.tanh(state[1]), memory)
        return state, context + hidden, weights

    def _attend(self, hidden: Tensor, sentinel: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Return the context (B, U) of regions and sentinel, and the weights (B, M) of regions."""
        regions, keys, real, _, _ = memory
        query = self.attention.query(hidden)
        scores = self.attention.scores(query, keys)
        scores = ops.where(real, scores, ops.full_like(scores, -1e9))
        sentinel_score = self.attention.scores(query, self.sentinel_key(sentinel)[:, None])
        weights = ops.softmax(ops.concatenate([scores, sentinel_score], axis=-1), axis=-1)
        weights = ops.cast(weights, self.compute_dtype)
        context = ops.einsum("bm,bmd->bd", weights[:, :-1], regions)
        return context + weights[:, -1:] * sentinel, weights[:, :-1]
