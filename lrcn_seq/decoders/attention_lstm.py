"""An LSTM with soft attention, "Show, Attend and Tell" (Xu et al. 2015, section 3.1.2)."""

from __future__ import annotations

from functools import partial
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
from lrcn_seq.layers.hierarchical_attention import HierarchicalAttention
from lrcn_seq.layers.lstm import Lstm
from lrcn_seq.layers.masked_steps import original_steps
from lrcn_seq.layers.pooling import as_memory, masked_mean, steps_first
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
class AttentionLstm(DenseWordDecoder):
    """An LSTM over embedded words and an attention context from all regions of all real steps.

    The state starts from the mean feature v: h = tanh(W_h v + b_h), c = tanh(W_c v + b_c).

    Args:
        vocabulary_size: Number of words V.
        units: Width U of the LSTM.
        embedding: Width E of the word embedding.
        attention: Width A of the keys and queries.
        hierarchical: Whether attention selects regions within each frame, then frames, instead of
            selecting among the regions of all frames at once.
        reader: Width of an LSTM over the steps, which encodes their order. Its output at a step is
            concatenated to every region of the step, like the annotations of Bahdanau et al. 2015,
            section 3.2; 0 for none.
        feature_units: Width to which every region is projected first; 0 for no projection.
        feature_dropout: Dropout rate of the regions.
        gate: Whether the context is multiplied by β = σ(W_β h + b_β), so that a word may rely
            less on the regions (section 4.2.1).
        deep_output: Whether logits come from E y + L_h h + L_z context (equation 7) instead of h.
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
        hierarchical: bool = False,
        reader: NotNegative = 0,
        feature_units: NotNegative = 0,
        feature_dropout: Rate = 0.0,
        gate: bool = True,
        deep_output: bool = True,
        dropout: Rate = 0.0,
        initializer_range: NumberNotNegative = 0.0,
        forget_bias: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size, limit = vocabulary_size, initializer_range
        lstm = partial(Lstm, initializer_range=limit, forget_bias=forget_bias)
        deep_layers = ("deep_hidden", "deep_context") if deep_output else ()
        with built_under(self.dtype_policy):
            self.drop_feature = seeded_dropout(feature_dropout, rank=3)
            self.feature = projection(feature_units, "feature", limit) if feature_units else None
            self.reader = lstm(reader) if reader else None
            self.first_hidden = projection(units, "first_hidden", limit)
            self.first_cell = projection(units, "first_cell", limit)
            kind = HierarchicalAttention if hierarchical else Attention
            self.attention = kind(attention, initializer_range=limit)
            self.gate = projection(1, "gate", limit) if gate else None
            self.embed = word_embedding(vocabulary_size, embedding, limit)
            self.lstm = lstm(units)
            self.context_gates = projection(4 * units, "context_gates", limit, bias=False)
            self.deep = tuple(projection(embedding, n, limit, bias=False) for n in deep_layers)
            self.drop = seeded_dropout(dropout)
            self.output_words = projection(vocabulary_size, "output_words", limit)

    def build(self, encoded_shape: tuple[Shape, Shape], words_shape: Shape | None = None) -> None:  # noqa: ARG002 - Keras passes the shape of every argument
        """Build the weights for features (B, S, R, D)."""
        width, units, embedding = encoded_shape[0][-1], self.lstm.units, self.embed.output_dim
        if self.reader is not None:
            self.reader.build((None, width))
            width += self.reader.units
        if self.feature is not None:
            self.feature.build((None, None, width))
            width = self.feature.units
        self.first_hidden.build((None, width))
        self.first_cell.build((None, width))
        self.attention.build((None, *encoded_shape[0][1:3], width), (None, units))
        if self.gate is not None:
            self.gate.build((None, units))
        self.embed.build((None,))
        self.lstm.build((None, embedding))
        self.context_gates.build((None, width))
        for layer, input_width in zip(self.deep, (units, width), strict=False):
            layer.build((None, input_width))
        self.output_words.build((None, embedding if self.deep else units))

    def start(
        self, encoded: Encoded, *, owner: Tensor | None = None, training: bool = False
    ) -> tuple[Memory, State]:
        """Return memory and state before the first word.

        The memory consists of the regions (B, M, D), their keys, their mask and the dropout masks,
        with M = S·R. The state is (h, c).
        """
        regions, real = as_memory(self._append_reader_outputs(encoded))
        regions = self.drop_feature(regions, training=training)
        if self.feature is not None:
            regions = self.feature(regions)
        mean = masked_mean(Encoded(regions[:, :, None], real))
        state = ops.tanh(self.first_hidden(mean)), ops.tanh(self.first_cell(mean))
        shared = regions, self.attention.keys(regions), real
        (regions, keys, real), state = of_captions((shared, state), owner)
        embedding = self.embed.output_dim
        widths = (embedding, embedding if self.deep else self.lstm.units)
        masks = dropout_masks(
            self.drop, widths, ops.shape(real)[0], self.compute_dtype, training=training
        )
        return (regions, keys, real, masks), state

    def step(self, word: Tensor, state: State, memory: Memory) -> StepOutput:
        """Advance by one word (B,); the output has attention weights (B, M), M = S·R."""
        embedded = apply_mask(self.embed(word), memory[-1], 0)
        hidden, cell, context, weights = self._advance(self.lstm.project(embedded), state, memory)
        output = self._output_inputs(embedded, hidden, context, memory)
        return StepOutput(self.project(output), weights, (hidden, cell))

    def hidden(
        self,
        encoded: Encoded,
        words: Tensor,
        training: bool = False,
        owner: Tensor | None = None,
    ) -> Tensor:
        """Return the inputs of the logits, (B, L, E) with `deep_output`, otherwise (B, L, U)."""
        memory, (hidden, cell) = self.start(encoded, owner=owner, training=training)
        regions, _, real, masks = memory
        embedded = apply_mask(self.embed(ops.transpose(words)), masks, 0)
        context = ops.zeros_like(regions[:, 0])
        weights = ops.cast(ops.zeros_like(real), self.compute_dtype)
        _, (hiddens, _, contexts, _) = scan(
            lambda carry, inputs: self._advance(inputs, carry[:2], memory),
            (hidden, cell, context, weights),
            self.lstm.project(embedded),
        )
        outputs = self._output_inputs(embedded, hiddens, contexts, memory)
        return ops.transpose(outputs, (1, 0, 2))

    def _append_reader_outputs(self, encoded: Encoded) -> Encoded:
        """Append the reader's output at each step to the regions: (B, S, R, D + reader)."""
        if self.reader is None:
            return encoded
        features = encoded.features
        outputs = ops.transpose(self.reader(steps_first(encoded)[0]), (1, 0, 2))
        outputs = original_steps(outputs, encoded.mask)
        shape = (*ops.shape(features)[:3], self.reader.units)
        outputs = ops.broadcast_to(outputs[:, :, None], shape)
        return Encoded(ops.concatenate([features, outputs], axis=-1), encoded.mask)

    def _advance(
        self, inputs: Tensor, state: State, memory: Memory
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Attend and advance the LSTM by one step.

        Args:
            inputs: Contribution (B, 4U) of the embedded word to the gates.
            state: (h, c) before the step.
            memory: Memory from `start`.

        Returns:
            h (B, U), c (B, U), context (B, D) and attention weights (B, M).
        """
        regions, keys, real, _ = memory
        context, weights = self.attention.attend(state[0], keys, regions, real)
        if self.gate is not None:
            context = ops.sigmoid(self.gate(state[0])) * context
        hidden, (_, cell) = self.lstm.step(inputs + self.context_gates(context), state)
        return hidden, cell, context, weights

    def _output_inputs(
        self, embedded: Tensor, hidden: Tensor, context: Tensor, memory: Memory
    ) -> Tensor:
        """Return the inputs of the output layer, for one step (B, ·) or all (L, B, ·)."""
        if self.deep:
            hidden = embedded + self.deep[0](hidden) + self.deep[1](context)
        return apply_mask(hidden, memory[-1], 1)
