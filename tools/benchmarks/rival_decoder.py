"""What a user would write in an hour: one Keras LSTM, the picture's feature concatenated to every word's embedding."""

import keras
from keras import layers, ops

from lrcn_seq.decoders.base import WordDecoder
from lrcn_seq.records import StepOutput
from lrcn_seq.registry import decoders


@decoders.register
class RivalDecoder(WordDecoder):
    """Embedding ⊕ feature → dropout → keras.layers.LSTM → dropout → Dense."""

    def __init__(
        self,
        vocabulary_size: int,
        *,
        units: int = 512,
        embedding: int = 256,
        dropout: float = 0.4,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.embed, self.lstm = (
            layers.Embedding(vocabulary_size, embedding),
            layers.LSTM(units, return_sequences=True),
        )
        self.enter, self.leave, self.output_words = (
            layers.Dropout(dropout),
            layers.Dropout(dropout),
            layers.Dense(vocabulary_size),
        )

    def build(self, encoded_shape, words_shape=None):  # noqa: ARG002 - Keras gives the shape of every argument
        """Weights for features (B, S, R, D)."""
        width = self.embed.output_dim + encoded_shape[0][-1]
        self.embed.build((None,))
        self.lstm.build((None, None, width))
        self.output_words.build((None, self.lstm.units))

    def start(self, encoded, *, training: bool = False):  # noqa: ARG002 - the contract
        """Memory: the pooled feature (B, D); state: (h, c)."""
        feature = ops.mean(encoded.features, axis=(1, 2))
        zeros = ops.zeros((ops.shape(feature)[0], self.lstm.units))
        return (feature,), (zeros, zeros)

    def step(self, word, state, memory):
        """One word (B,) further."""
        entering = ops.concatenate([self.embed(word), memory[0]], axis=-1)
        hidden, state = self.lstm.cell(entering, list(state))
        return StepOutput(self.project(hidden), None, tuple(state))

    def hidden(self, encoded, words, training: bool = False):
        """Outputs (B, L, U)."""
        feature = self.start(encoded)[0][0]
        feature = ops.broadcast_to(
            feature[:, None], (ops.shape(feature)[0], ops.shape(words)[1], feature.shape[-1])
        )
        entering = self.enter(
            ops.concatenate([self.embed(words), feature], axis=-1), training=training
        )
        return self.leave(self.lstm(entering, training=training), training=training)

    def project(self, hidden):
        """Logits (..., V)."""
        return keras.ops.cast(self.output_words(hidden), "float32")
