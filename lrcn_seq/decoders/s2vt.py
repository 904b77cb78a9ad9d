"""Sequence to sequence, video to text: one stack of two LSTM that reads the frames and then writes the words (Venugopalan et al. 2015, section 3.2)."""

from __future__ import annotations

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
class S2vt(LstmWordDecoder):
    """The first LSTM sees the projected frames, then nothing; the second sees the first's output beside nothing, then beside the words.

    "Nothing" is a vector of zeros; the weights are the same in both phases. `frame_units`: width to which a frame's feature is projected.
    `feature_dropout` falls on the features, `dropout` on the projected frames, the embedded words and both outputs, one mask a sentence.
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
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        with built_under(self.dtype_policy):
            self.drop_feature, self.drop = seeded_dropout(feature_dropout), seeded_dropout(dropout)
            self.frame = Dense(
                frame_units,
                kernel_initializer=uniform(initializer_range, "glorot_uniform"),
                name="frame",
            )
            self.embed = Embedding(
                vocabulary_size,
                embedding,
                embeddings_initializer=uniform(initializer_range, "uniform"),
            )
            self.watcher, self.writer = (
                Lstm(units, initializer_range=initializer_range, forget_bias=forget_bias)
                for _ in range(2)
            )
            self.output_words = Dense(
                vocabulary_size,
                kernel_initializer=uniform(initializer_range, "glorot_uniform"),
                name="output_words",
            )

    def build(self, encoded_shape, words_shape=None):  # noqa: ARG002 - Keras gives the shape of every argument
        """Weights for features (B, S, R, D)."""
        self.frame.build((None, encoded_shape[0][-1]))
        self.embed.build((None,))
        self.watcher.build((None, self.frame.units))
        self.writer.build((None, self.watcher.units + self.embed.output_dim))
        self.output_words.build((None, self.writer.units))

    def start(self, encoded: Encoded, *, training: bool = False):
        """Memory: the dropout masks; state: (h, c) of both layers after the frames."""
        features, lengths = steps_first(encoded)
        batch = ops.shape(lengths)[0]
        masks = self._masks(batch) if training and self.drop.rate else ()
        if training and self.drop_feature.rate:
            features = features * self.drop_feature(ops.ones_like(features[0]), training=True)
        zero = self.watcher.zero_state(batch)
        frames = self.frame(features)
        seen, watcher = self.watcher.sequence(
            self.watcher.project(frames * masks[0] if masks else frames), zero, lengths
        )
        nothing = ops.zeros((*ops.shape(seen)[:2], self.embed.output_dim), self.compute_dtype)
        _, writer = self.writer.sequence(self._beside(seen, nothing, masks), zero, lengths)
        return (masks,), (watcher, writer)

    def _masks(self, batch):
        """Dropout masks for projected frames, embedded words, and the two outputs."""
        widths = (self.frame.units, self.embed.output_dim, self.watcher.units, self.writer.units)
        return tuple(
            self.drop(ops.ones((batch, width), self.compute_dtype), training=True)
            for width in widths
        )

    def _beside(self, seen, words, masks):
        """The second layer's sums from the first's output and the words."""
        if masks:
            seen, words = seen * masks[2], words * masks[1]
        return self.writer.project(ops.concatenate([seen, words], axis=-1))

    def write(self, words, state, memory, recur):
        """Both layers over one word, words (B, E) and recur Lstm.step, or over all, words (L, B, E) and Lstm.sequence."""
        (masks,), (watcher, writer) = memory, state
        nothing = ops.zeros((*ops.shape(words)[:-1], self.frame.units), self.compute_dtype)
        seen, watcher = recur(self.watcher, self.watcher.project(nothing), watcher)
        outputs, writer = recur(self.writer, self._beside(seen, words, masks), writer)
        return (outputs * masks[3] if masks else outputs), (watcher, writer)
