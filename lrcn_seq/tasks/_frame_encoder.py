"""A compiled model of the frame-wise part of an encoder."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from lrcn_seq.records import Clips, Tensor

FRAMES_PER_CALL = 32
"""Maximum number of frames per call of the encoder."""


class FrameEncoder(keras.Model):
    """A model that encodes packed frames in chunks of at most `FRAMES_PER_CALL` frames.

    Args:
        encoder: an encoder.
    """

    def __init__(self, encoder: keras.layers.Layer):
        super().__init__(dtype=encoder.dtype_policy)
        self.encoder = encoder

    def build(self, frames_shape: tuple[int | None, ...]) -> None:
        """Do nothing, because the encoder is built at its first call."""

    def call(self, frames: Tensor) -> Tensor:
        """Encode packed frames (N, H, W, 3) to features (N, R, D)."""
        return ops.cast(self.encoder.encode_frames(frames, training=False), "float32")

    def features(self, frames: np.ndarray) -> np.ndarray:
        """Encode any number of frames (N, H, W, 3) uint8 to features (N, R, D) float32."""
        chunks = [
            np.asarray(self.predict_on_batch(frames[first : first + FRAMES_PER_CALL]))
            for first in range(0, len(frames), FRAMES_PER_CALL)
        ]
        return np.concatenate(chunks)

    def shorten(self, clips: Clips, *, always: bool = False) -> Clips:
        """Replace the frames of large batches by their features (N, R, D).

        The activations of a CNN for one frame are far larger than the features of the frame.
        Encoding in chunks keeps the memory for activations independent of the number of clips.

        Args:
            clips: clips of pixels, vectors or stored features. Only pixels of a frame-wise encoder
                are replaced, if they exceed one chunk or this model runs eagerly (`run_eagerly`),
                which saves compiling the encoder. Other clips are returned unchanged.
            always: whether to replace the pixels of small batches as well.
        """
        apart = always or len(clips.frames) > FRAMES_PER_CALL or self.run_eagerly
        if not (clips.frames.ndim == 4 and apart and self.encoder.frame_wise):
            return clips
        return Clips(self.features(clips.frames), clips.index)
