"""Compiled classifiers of whole clips and of streamed frames."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from lrcn_seq.layers.precision import at_least_float32
from lrcn_seq.layers.scan import scan
from lrcn_seq.records import Clips, Tensor


class Classifier(keras.Model):
    """A model that computes a class distribution at each step of each clip.

    Args:
        encoder: the encoder of a task.
        decoder: the frame decoder of the task.
    """

    def __init__(self, encoder: keras.layers.Layer, decoder: keras.layers.Layer):
        super().__init__(dtype=decoder.dtype_policy)
        self.encoder, self.decoder = encoder, decoder

    def call(self, clips: Clips) -> tuple[Tensor, Tensor]:
        """Compute class distributions (P, S', C) and the mask (P, S'), True at real steps."""
        logits, mask = self.decoder(self.encoder(clips, training=False), training=False)
        return ops.softmax(logits), mask


class StreamingClassifier(keras.Model):
    """A model that computes a class distribution at each frame of a stream.

    Args:
        encoder: the encoder of a task.
        decoder: the causal frame decoder of the task.
        classes: the number of classes C.
    """

    def __init__(self, encoder: keras.layers.Layer, decoder: keras.layers.Layer, classes: int):
        super().__init__(dtype=decoder.dtype_policy)
        self.encoder, self.decoder, self.classes = encoder, decoder, classes

    def call(self, inputs: tuple[Tensor, Any]) -> tuple[Tensor, Any]:
        """Compute class distributions (n, C) of frames (n, H, W, 3), and the next state."""
        frames, state = inputs
        features = self.encoder.encode_frames(frames, training=False)

        def body(carry: tuple[Any, Tensor], feature: Tensor) -> tuple[Any, Tensor]:
            logits, next_state = self.decoder.step(feature[None], carry[0])
            return next_state, logits

        initial = ops.zeros((1, self.classes), at_least_float32(self.decoder.compute_dtype))
        (state, _), (_, logits) = scan(body, (state, initial), features)
        return ops.softmax(logits[:, 0]), state
