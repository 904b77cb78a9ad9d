"""A plain Keras captioner: one LSTM over word embeddings concatenated with the image feature."""

from collections.abc import Sequence
from typing import Any

from keras import layers, ops

from lrcn_seq.decoders.base import WordDecoder
from lrcn_seq.records import Encoded, StepOutput, Tensor
from lrcn_seq.registry import decoders


@decoders.register
class RivalDecoder(WordDecoder):
    """Embedding ⊕ feature → dropout → keras.layers.LSTM → dropout → Dense.

    Args:
        vocabulary_size: Number of words V.
        units: Width U of the LSTM.
        embedding: Width E of the word embedding.
        dropout: Rate of both dropout layers.
    """

    def __init__(
        self,
        vocabulary_size: int,
        *,
        units: int = 512,
        embedding: int = 256,
        dropout: float = 0.4,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.embed = layers.Embedding(vocabulary_size, embedding)
        self.lstm = layers.LSTM(units, return_sequences=True)
        self.drop_input, self.drop_output = layers.Dropout(dropout), layers.Dropout(dropout)
        self.output_words = layers.Dense(vocabulary_size)

    def build(
        self,
        encoded_shape: Sequence[Sequence[int]],
        words_shape: Sequence[int] | None = None,  # noqa: ARG002 - Keras passes the shape of every argument
    ) -> None:
        """Build the weights for features (B, S, R, D)."""
        width = self.embed.output_dim + encoded_shape[0][-1]
        self.embed.build((None,))
        self.lstm.build((None, None, width))
        self.output_words.build((None, self.lstm.units))

    def start(self, encoded: Encoded, *, training: bool = False) -> tuple[Any, Any]:  # noqa: ARG002 - part of the interface
        """Return the memory, which is the mean feature (B, D), and the state (h, c)."""
        feature = ops.mean(encoded.features, axis=(1, 2))
        zeros = ops.zeros((ops.shape(feature)[0], self.lstm.units))
        return (feature,), (zeros, zeros)

    def step(self, word: Tensor, state: Any, memory: Any) -> StepOutput:
        """Advance by one word (B,)."""
        inputs = ops.concatenate([self.embed(word), memory[0]], axis=-1)
        hidden, state = self.lstm.cell(inputs, list(state))
        return StepOutput(self.project(hidden), None, tuple(state))

    def hidden(self, encoded: Encoded, words: Tensor, training: bool = False) -> Tensor:
        """Return the outputs (B, L, U) of the LSTM."""
        feature = self.start(encoded)[0][0]
        shape = (*ops.shape(words), feature.shape[-1])
        features = ops.broadcast_to(feature[:, None], shape)
        inputs = ops.concatenate([self.embed(words), features], axis=-1)
        inputs = self.drop_input(inputs, training=training)
        return self.drop_output(self.lstm(inputs, training=training), training=training)

    def project(self, hidden: Tensor) -> Tensor:
        """Return logits (..., V) of outputs (..., U)."""
        return ops.cast(self.output_words(hidden), "float32")
