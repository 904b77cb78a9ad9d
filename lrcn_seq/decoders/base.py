"""The contracts of decoders: over labels (FrameDecoder) and over words (WordDecoder)."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import keras

from lrcn_seq.records import Encoded, StepOutput


class _Decoder(keras.layers.Layer):
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if not cls.__name__.startswith("_"):
            keras.saving.register_keras_serializable("lrcn_seq")(cls)


class FrameDecoder(_Decoder):
    """Features to label logits at every step, or once for the clip."""

    derived: ClassVar[tuple[str, ...]] = ("classes",)
    causal: ClassVar[bool] = False
    """Whether step t sees no later step, so that frames can be streamed."""

    @abstractmethod
    def call(self, encoded: Encoded, training: bool = False):
        """(logits (B, S', C), mask (B, S')), S' = S or 1."""


class WordDecoder(_Decoder):
    """Features to word logits. Nothing about a sentence is kept on `self`.

    `memory` and `state` are nested tuples of tensors whose first axis is B; search reorders `state` only.
    """

    derived: ClassVar[tuple[str, ...]] = ("vocabulary_size",)

    @abstractmethod
    def start(self, encoded: Encoded):
        """(memory, state) before the first word."""

    @abstractmethod
    def step(self, word, state, memory, *, training: bool = False) -> StepOutput:
        """One word (B,) int32 further: logits (B, V), attention (B, S·R) or None, the next state."""

    @abstractmethod
    def call(self, encoded: Encoded, words, training: bool = False):
        """Teacher-forced logits (B, L, V) for words (B, L) that begin with the start word; equals the loop of `step`."""
