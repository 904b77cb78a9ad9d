"""An LSTM that looks at another part of the memory before every word: "Show, Attend and Tell" (Xu et al. 2015, section 3.1.2, soft attention)."""

from __future__ import annotations

from keras import ops
from keras.layers import Dense, Embedding

from lrcn_seq.decoders.base import WordDecoder
from lrcn_seq.layers.attention import Attention
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.lstm import Lstm, uniform
from lrcn_seq.layers.pooling import as_memory, masked_mean, steps_first
from lrcn_seq.layers.precision import at_least_float32, built_under
from lrcn_seq.layers.scan import scan
from lrcn_seq.records import Encoded, NotNegative, NumberNotNegative, Positive, Rate, StepOutput
from lrcn_seq.registry import decoders


@decoders.register
class AttentionLstm(WordDecoder):
    """One LSTM whose input is the embedded word and the context that attention takes from all regions of all real steps.

    The state starts from the mean feature v: h = tanh(W_h v + b_h), c = tanh(W_c v + b_c).
    `reader`: width of an LSTM that first reads the steps, so that their order can be told; what it says at a step stands beside
    every region of it (as the annotations of Bahdanau et al. 2015, section 3.2); 0 for none.
    `attention`: width of the comparison. `feature_units`: width to which every region is projected first; 0 for none.
    `gate`: the context times β = σ(W_β h + b_β), so that the decoder may look away (section 4.2.1).
    `deep_output`: logits from E y + L_h h + L_z context (equation 7), otherwise from h alone.
    `dropout` falls on the embedded words and on what enters the logits, one mask a sentence; `feature_dropout` on the regions.
    """

    def __init__(
        self,
        vocabulary_size: Positive,
        *,
        units: Positive = 512,
        embedding: Positive = 512,
        attention: Positive = 256,
        reader: NotNegative = 0,
        feature_units: NotNegative = 0,
        feature_dropout: Rate = 0.0,
        gate: bool = True,
        deep_output: bool = True,
        dropout: Rate = 0.0,
        initializer_range: NumberNotNegative = 0.0,
        forget_bias: float = 1.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size

        def dense(width: int, name: str, *, bias: bool = True) -> Dense:
            return Dense(
                width,
                use_bias=bias,
                kernel_initializer=uniform(initializer_range, "glorot_uniform"),
                name=name,
            )

        with built_under(self.dtype_policy):
            self.drop_feature = seeded_dropout(feature_dropout, rank=3)
            self.feature = dense(feature_units, "feature") if feature_units else None
            self.reader = (
                Lstm(reader, initializer_range=initializer_range, forget_bias=forget_bias)
                if reader
                else None
            )
            self.first_hidden, self.first_cell = (
                dense(units, "first_hidden"),
                dense(units, "first_cell"),
            )
            self.attention = Attention(attention, initializer_range=initializer_range)
            self.gate = dense(1, "gate") if gate else None
            self.embed = Embedding(
                vocabulary_size,
                embedding,
                embeddings_initializer=uniform(initializer_range, "uniform"),
            )
            self.lstm = Lstm(units, initializer_range=initializer_range, forget_bias=forget_bias)
            self.context_gates = dense(4 * units, "context_gates", bias=False)
            self.deep = (
                (
                    dense(embedding, "deep_hidden", bias=False),
                    dense(embedding, "deep_context", bias=False),
                )
                if deep_output
                else ()
            )
            self.drop = seeded_dropout(dropout)
            self.output_words = dense(vocabulary_size, "output_words")

    def build(self, encoded_shape, words_shape=None):  # noqa: ARG002 - Keras gives the shape of every argument
        """Weights for features (B, S, R, D)."""
        width, units, embedding = encoded_shape[0][-1], self.lstm.units, self.embed.output_dim
        if self.reader is not None:
            self.reader.build((None, width))
            width += self.reader.units
        if self.feature is not None:
            self.feature.build((None, None, width))
            width = self.feature.units
        self.attention.build((None, None, width), (None, units))
        self.embed.build((None,))
        self.lstm.build((None, embedding))
        given = {
            self.first_hidden: width,
            self.first_cell: width,
            self.gate: units,
            self.context_gates: width,
            self.output_words: embedding if self.deep else units,
        }
        for layer, entering in (given | dict(zip(self.deep, (units, width), strict=False))).items():
            if layer is not None:
                layer.build((None, entering))

    def start(self, encoded: Encoded, *, training: bool = False):
        """Memory: regions (B, M, D), their keys, their mask, dropout masks; state: (h, c)."""
        regions, real = as_memory(encoded if self.reader is None else self._read(encoded))
        regions = self.drop_feature(regions, training=training)
        regions = regions if self.feature is None else self.feature(regions)
        mean = masked_mean(Encoded(regions[:, :, None], real))
        state = ops.tanh(self.first_hidden(mean)), ops.tanh(self.first_cell(mean))
        masks = self._masks(ops.shape(mean)[0]) if training and self.drop.rate else ()
        return (regions, self.attention.keys(regions), real, masks), state

    def step(self, word, state, memory) -> StepOutput:
        """One word (B,) further, with the attention weights (B, M) that chose its context."""
        embedded = self._embedded(word, memory)
        hidden, cell, context, weights = self._advance(self.lstm.project(embedded), state, memory)
        return StepOutput(
            self.project(self._leaving(embedded, hidden, context, memory)), weights, (hidden, cell)
        )

    def hidden(self, encoded: Encoded, words, training: bool = False):
        """What enters the logits, (B, L, E) with `deep_output`, otherwise (B, L, U)."""
        memory, (hidden, cell) = self.start(encoded, training=training)
        regions, _, real, _ = memory
        embedded = self._embedded(ops.transpose(words), memory)
        nothing = (
            ops.zeros_like(regions[:, 0]),
            ops.cast(ops.zeros_like(real), self.compute_dtype),
        )
        _, (hidden, _, context, _) = scan(
            lambda carry, sums: self._advance(sums, carry[:2], memory),
            (hidden, cell, *nothing),
            self.lstm.project(embedded),
        )
        return ops.transpose(self._leaving(embedded, hidden, context, memory), (1, 0, 2))

    def project(self, hidden):
        """Logits (..., V)."""
        return ops.cast(self.output_words(hidden), at_least_float32(self.compute_dtype))

    def _read(self, encoded: Encoded) -> Encoded:
        """Features (B, S, R, D + U): what the reader says at each step stands beside its regions."""
        features = encoded.features
        said = self.reader(steps_first(encoded)[0])
        said = ops.broadcast_to(
            ops.transpose(said, (1, 0, 2))[:, :, None],
            (*ops.shape(features)[:3], self.reader.units),
        )
        return Encoded(ops.concatenate([features, said], axis=-1), encoded.mask)

    def _masks(self, batch):
        widths = (self.embed.output_dim, self.embed.output_dim if self.deep else self.lstm.units)
        return tuple(
            self.drop(ops.ones((batch, width), self.compute_dtype), training=True)
            for width in widths
        )

    def _embedded(self, words, memory):
        masks = memory[-1]
        return self.embed(words) * masks[0] if masks else self.embed(words)

    def _advance(self, sums, state, memory):
        """(h, c, context, weights) after one step, from the embedded word's part of the sums before the gates."""
        regions, keys, real, _ = memory
        context, weights = self.attention.attend(state[0], keys, regions, real)
        if self.gate is not None:
            context = ops.sigmoid(self.gate(state[0])) * context
        hidden, (_, cell) = self.lstm.step(sums + self.context_gates(context), state)
        return hidden, cell, context, weights

    def _leaving(self, embedded, hidden, context, memory):
        """What enters the logits: of one step (B, ·) or all (L, B, ·)."""
        if self.deep:
            hidden = embedded + self.deep[0](hidden) + self.deep[1](context)
        return hidden * memory[-1][1] if memory[-1] else hidden
