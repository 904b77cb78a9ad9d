"""The contract of an encoder."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

import keras
from keras import ops

from lrcn_seq.layers.packing import spread
from lrcn_seq.records import Clips, Encoded, Preprocessing


class Encoder(keras.layers.Layer):
    """Clips to features (B, S, R, D).

    A frame-wise encoder defines `encode_frames`; one that mixes frames in time (a 3-D convolution) redefines `call`.
    """

    takes: ClassVar[Literal["frames", "vectors"]] = "frames"
    stride: int = 1
    """Frames that one step covers: S = ceil(T / stride)."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        keras.saving.register_keras_serializable("lrcn_seq")(cls)

    @property
    @abstractmethod
    def preprocessing(self) -> Preprocessing | None:
        """Size, resize rule and scaling of the frames; None for vectors."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """What decides the features besides the frames (network, layer, weights); keys the feature store."""

    @property
    @abstractmethod
    def frozen(self) -> bool:
        """Whether training leaves it as it is, so that its output can be stored."""

    @abstractmethod
    def encode_frames(self, frames, training: bool = False):
        """Packed frames (N, H, W, 3) uint8 or vectors (N, D) to features (N, R, D)."""

    def call(self, clips: Clips, training: bool = False) -> Encoded:
        """Features of every real frame, back in their places; stored features (N, R, D) pass as they are."""
        stored = len(clips.frames.shape) == 3
        features = ops.cast(clips.frames, self.compute_dtype) if stored else self.encode_frames(clips.frames, training=training)
        return spread(features, clips.index)
