"""The interfaces of decoders over classes (FrameDecoder) and over words (WordDecoder)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import keras
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.lstm import Lstm
from lrcn_seq.layers.precision import at_least_float32
from lrcn_seq.layers.record_layer import RecordLayer
from lrcn_seq.layers.scan import scan
from lrcn_seq.records import Encoded, StepOutput, Tensor
from lrcn_seq.registry import decoders

State = Any
"""Nested tuples of tensors (B, ...) that change at every step."""
Memory = Any
"""Nested tuples of tensors (B, ...) that are the same at every step."""
Shape = Sequence[int]


class FrameDecoder(RecordLayer, ABC):
    """A decoder from features to class logits, per step or per clip."""

    record = Encoded
    record_argument = "encoded"
    derived: ClassVar[tuple[str, ...]] = ("classes",)

    @property
    def causal(self) -> bool:
        """Whether no output depends on later steps, so that frames can be streamed."""
        return False

    @property
    def every_step(self) -> bool:
        """Whether there are logits at every step; the mean of their softmax is the prediction."""
        return False

    @abstractmethod
    def call(self, encoded: Encoded, training: bool = False) -> tuple[Tensor, Tensor]:
        """Return logits (B, S', C) and mask (B, S'), where S' is S or 1."""

    def initial_state(self, batch: int) -> State:
        """Return the state before the first step; the state of every step has the same size.

        Raises:
            ArgumentError: The decoder is not causal.
        """
        raise self._not_causal(f"batch={batch}")

    def step(self, features: Tensor, state: State) -> tuple[Tensor, State]:  # noqa: ARG002 - the interface
        """Advance by one step.

        Args:
            features: Features (B, R, D) of the step.
            state: State before the step.

        Returns:
            Logits (B, C) of this step, computed without later steps, and the next state.

        Raises:
            ArgumentError: The decoder is not causal.
        """
        raise self._not_causal(f"features of shape {tuple(features.shape)}")

    def _not_causal(self, received: str) -> ArgumentError:
        name = decoders.name_of(type(self))
        return ArgumentError(
            f"Expected a causal decoder: {name} with these arguments needs the whole clip. "
            f"Received: {received}; choose lstm_frames with bidirectional: false."
        )


class WordDecoder(RecordLayer, ABC):
    """A decoder from features to word logits, which stores nothing about a caption on `self`.

    `memory` and `state` are nested tuples of tensors whose first axis is B; search reorders only
    `state`. `start` draws the dropout masks of a caption and stores them in `memory`. Therefore
    `step` is a pure function, and a loop over it compiles on every backend and equals `call`, even
    in training.

    Attributes:
        vocabulary_size: Number of words V.
        shares_clips: Whether `start`, `hidden` and `call` also take `owner`, the index (B,) of the
            clip of each caption. What depends on the features alone is then computed, and its
            dropout masks are drawn, once per clip instead of once per caption.
    """

    record = Encoded
    record_argument = "encoded"
    derived: ClassVar[tuple[str, ...]] = ("vocabulary_size",)
    shares_clips: ClassVar[bool] = False
    vocabulary_size: int

    @abstractmethod
    def start(self, encoded: Encoded, *, training: bool = False) -> tuple[Memory, State]:
        """Return memory and state before the first word."""

    @abstractmethod
    def step(self, word: Tensor, state: State, memory: Memory) -> StepOutput:
        """Advance by one word.

        Args:
            word: Word ids (B,) int32 of the previous step; at first, of the start word.
            state: State before the step.
            memory: Memory from `start`.

        Returns:
            Logits (B, V) of the next word, attention (B, S·R) or None, and the next state.
        """

    @abstractmethod
    def hidden(self, encoded: Encoded, words: Tensor, training: bool = False) -> Tensor:
        """Return inputs (B, L, U) of `project` for words (B, L) that begin with the start word."""

    @abstractmethod
    def project(self, hidden: Tensor) -> Tensor:
        """Return logits (..., V), float32 or wider, for inputs (..., U).

        The inputs may be gathered at the N positions of real words: (N, U).
        """

    def call(
        self,
        encoded: Encoded,
        words: Tensor,
        training: bool = False,
        owner: Tensor | None = None,
    ) -> Tensor:
        """Return teacher-forced logits (B, L, V) for words (B, L) that begin with the start word.

        The logits equal those of a loop over `step`.

        Args:
            encoded: Features and mask of B clips, or of P clips if `owner` is given.
            words: Words (B, L) that begin with the start word.
            training: Whether dropout is active.
            owner: (B,) index of the clip of each caption, if `shares_clips` is set.
        """
        rows = {} if owner is None else {"owner": owner}
        return self.project(self.hidden(encoded, words, training=training, **rows))

    def sampled(
        self,
        encoded: Encoded,
        words: Tensor,
        *,
        probability: float | Tensor,
        uniforms: Tensor,
        training: bool = False,
        owner: Tensor | None = None,
    ) -> Tensor:
        """Return logits (B, L, V) with scheduled sampling (Bengio et al. 2015, section 2.4).

        Where `uniforms` is below `probability`, the word predicted at the previous step is fed
        instead of the given word, except at the first step. The choice of a word has no gradient.

        Args:
            encoded: Features and mask.
            words: Given words (B, L) that begin with the start word.
            probability: Probability of feeding the predicted instead of the given word.
            uniforms: Uniform random numbers (L, B) in [0, 1).
            training: Whether dropout is active.
            owner: (B,) index of the clip of each caption, if `shares_clips` is set.
        """
        rows = {} if owner is None else {"owner": owner}
        memory, state = self.start(encoded, training=training, **rows)
        replaced = ops.concatenate(
            [ops.zeros_like(uniforms[:1], "bool"), uniforms[1:] < probability]
        )
        given = ops.transpose(words)

        def body(carry: State, word: Tensor) -> State:
            state, logits = carry
            predicted = ops.cast(ops.argmax(logits, axis=-1), word.dtype)
            out = self.step(ops.where(word < 0, predicted, word), state, memory)
            return out.state, out.logits

        logits = ops.zeros(
            (ops.shape(words)[0], self.vocabulary_size), at_least_float32(self.compute_dtype)
        )
        inputs = ops.where(replaced, ops.full_like(given, -1), given)
        _, (_, all_logits) = scan(body, (state, logits), inputs)
        return ops.transpose(all_logits, (1, 0, 2))


class DenseWordDecoder(WordDecoder):
    """A word decoder whose logits come from a dense layer.

    Attributes:
        output_words: Layer to the logits.
    """

    output_words: keras.layers.Dense

    def project(self, hidden: Tensor) -> Tensor:
        """Return logits (..., V) of outputs (..., U)."""
        return ops.cast(self.output_words(hidden), at_least_float32(self.compute_dtype))


class LstmWordDecoder(DenseWordDecoder):
    """A word decoder of LSTM layers, which runs one step or all steps with the same code.

    Attributes:
        embed: Embedding of the words.
    """

    embed: keras.layers.Embedding

    @abstractmethod
    def run_layers(
        self, words: Tensor, state: State, memory: Memory, method: Callable[..., Any]
    ) -> tuple[Tensor, State]:
        """Run the LSTM layers over one step or over all steps.

        Args:
            words: Embedded words, (B, E) for one step or (L, B, E) for all.
            state: State before the words.
            memory: Memory from `start`.
            method: `Lstm.step` for one step, `Lstm.sequence` for all.

        Returns:
            Outputs (B, U) or (L, B, U) of the last layer, and the next state.
        """

    def step(self, word: Tensor, state: State, memory: Memory) -> StepOutput:
        """Advance by one word (B,), without attention."""
        output, state = self.run_layers(self.embed(word), state, memory, Lstm.step)
        return StepOutput(self.project(output), None, state)

    def hidden(self, encoded: Encoded, words: Tensor, training: bool = False) -> Tensor:
        """Return the outputs (B, L, U) of the last LSTM layer."""
        memory, state = self.start(encoded, training=training)
        embedded = self.embed(ops.transpose(words))
        outputs, _ = self.run_layers(embedded, state, memory, Lstm.sequence)
        return ops.transpose(outputs, (1, 0, 2))
