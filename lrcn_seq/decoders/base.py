"""The contracts of decoders: over labels (FrameDecoder) and over words (WordDecoder)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import keras
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.lstm import Lstm
from lrcn_seq.layers.precision import at_least_float32
from lrcn_seq.layers.scan import scan
from lrcn_seq.records import Encoded, StepOutput


class _Decoder(keras.layers.Layer, ABC):
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if not cls.__name__.startswith("_"):
            keras.saving.register_keras_serializable("lrcn_seq")(cls)


class FrameDecoder(_Decoder):
    """Features to label logits at every step, or once for the clip. Padding stands at the end of a clip."""

    derived: ClassVar[tuple[str, ...]] = ("classes",)

    @property
    def causal(self) -> bool:
        """Whether step t sees no later step, so that frames can be streamed."""
        return False

    @property
    def every_step(self) -> bool:
        """Whether there is an answer at every step, so that a clip's is their mean."""
        return False

    @abstractmethod
    def call(self, encoded: Encoded, training: bool = False):
        """(logits (B, S', C), mask (B, S')), S' = S or 1."""

    def initial_state(self, batch: int):
        """What `step` starts from: nested tuples of tensors whose first axis is B; their size does not grow.

        Raises:
            ArgumentError: the decoder is not causal.
        """
        raise self._refusal(f"batch={batch}")

    def step(self, features, state):  # noqa: ARG002 - the contract
        """(logits (B, C) of everything seen so far, next state) from the features (B, R, D) of one more step.

        Raises:
            ArgumentError: the decoder is not causal.
        """
        raise self._refusal(f"features of shape {tuple(features.shape)}")

    def _refusal(self, received: str) -> ArgumentError:
        name = type(self).__module__.rpartition(".")[2]
        return ArgumentError(
            f"Expected a causal decoder: {name}, as it is set up, sees the whole clip before it answers. Received: {received}; choose lstm_frames, not bidirectional."
        )


class WordDecoder(_Decoder):
    """Features to word logits. Nothing about a sentence is kept on `self`.

    `memory` and `state` are nested tuples of tensors whose first axis is B; search reorders `state` only.
    What is random in training (dropout) is drawn once a sentence by `start` and lies in `memory`, so that `step` is a plain
    function, and a loop over it compiles on every backend and equals `call` in training too.
    """

    derived: ClassVar[tuple[str, ...]] = ("vocabulary_size",)
    vocabulary_size: int

    @abstractmethod
    def start(self, encoded: Encoded, *, training: bool = False):
        """(memory, state) before the first word."""

    @abstractmethod
    def step(self, word, state, memory) -> StepOutput:
        """One word (B,) int32 further: logits (B, V), attention (B, S·R) or None, the next state."""

    @abstractmethod
    def hidden(self, encoded: Encoded, words, training: bool = False):
        """What `project` turns into logits, (B, L, U), for words (B, L) that begin with the start word."""

    @abstractmethod
    def project(self, hidden):
        """Logits (..., V) of outputs (..., U), float32 at least: also of the real positions alone, gathered (N, U)."""

    def call(self, encoded: Encoded, words, training: bool = False):
        """Teacher-forced logits (B, L, V) for words (B, L) that begin with the start word; equals the loop of `step`."""
        return self.project(self.hidden(encoded, words, training=training))

    def sampled(self, encoded: Encoded, words, *, probability, uniforms, training: bool = False):
        """Logits (B, L, V) like `call`, but where uniforms (L, B) < probability the best word of the last step is fed, not words (B, L).

        Scheduled sampling, Bengio et al. 2015, section 2.4. The choice of a word carries no gradient. The first word is always the given one.
        """
        memory, state = self.start(encoded, training=training)

        sampled = ops.concatenate(
            [ops.zeros_like(uniforms[:1], "bool"), uniforms[1:] < probability]
        )

        def body(carry, given):
            state, logits = carry
            own = ops.cast(ops.argmax(logits, axis=-1), given.dtype)
            out = self.step(ops.where(given < 0, own, given), state, memory)
            return out.state, out.logits

        nothing = ops.zeros(
            (ops.shape(words)[0], self.vocabulary_size), at_least_float32(self.compute_dtype)
        )
        given = ops.where(sampled, ops.full_like(ops.transpose(words), -1), ops.transpose(words))
        _, (_, logits) = scan(body, (state, nothing), given)
        return ops.transpose(logits, (1, 0, 2))


class LstmWordDecoder(WordDecoder):
    """A word decoder that is a stack of LSTM layers: what it does at one step it does over all, by the same lines.

    Its layers `embed` and `output_words` are there once it is made.
    """

    embed: keras.layers.Embedding
    output_words: keras.layers.Dense

    @abstractmethod
    def write(self, words, state, memory, recur):
        """(outputs, state) of the stack over one step, words (B, E) and recur Lstm.step, or over all, words (L, B, E) and Lstm.sequence."""

    def step(self, word, state, memory) -> StepOutput:
        """One word (B,) further; no attention."""
        hidden, state = self.write(self.embed(word), state, memory, Lstm.step)
        return StepOutput(self.project(hidden), None, state)

    def hidden(self, encoded: Encoded, words, training: bool = False):
        """Outputs (B, L, U) of the last layer."""
        memory, state = self.start(encoded, training=training)
        outputs, _ = self.write(self.embed(ops.transpose(words)), state, memory, Lstm.sequence)
        return ops.transpose(outputs, (1, 0, 2))

    def project(self, hidden):
        """Logits (..., V) of outputs (..., U)."""
        return ops.cast(self.output_words(hidden), at_least_float32(self.compute_dtype))
