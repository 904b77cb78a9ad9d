"""The contract of an encoder."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from hashlib import sha256
from typing import ClassVar, Literal

import keras
import numpy as np
from keras import ops

from lrcn_seq.layers.packing import unpack
from lrcn_seq.records import Clips, Encoded, Preprocessing


class Encoder(keras.layers.Layer, ABC):
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
    def identity(self) -> str:
        """What decides the features besides the frames: the part, its arguments and the values of its weights. Keys the feature store.

        Reads every weight (about a second for VGG-16); where the weights came from does not count.
        """
        arguments = {
            name: value
            for name, value in self.get_config().items()
            if name not in {"name", "trainable", "dtype", "train", "weights"}
        }
        digest = sha256()
        for weight in self.weights:
            digest.update(np.ascontiguousarray(ops.convert_to_numpy(weight.value)).tobytes())
        name = type(self).__module__.rpartition(".")[2]
        return f"{name}:{json.dumps(arguments, sort_keys=True)}:{self.compute_dtype}:{digest.hexdigest()}"

    @property
    def frozen(self) -> bool:
        """Whether training leaves it as it is, so that its output can be stored."""
        return not self.trainable_variables

    @property
    def frame_wise(self) -> bool:
        """Whether a step is made of one frame alone, so that features of frames can be stored and streamed."""
        return type(self).call is Encoder.call

    def load_pretrained(self) -> None:
        """Reads the weights that the arguments name. Only for a fresh start: a saved run holds its own weights."""

    @abstractmethod
    def encode_frames(self, frames, training: bool = False):
        """Packed frames (N, H, W, 3) uint8 or vectors (N, D) to features (N, R, D)."""

    def call(self, clips: Clips, training: bool = False) -> Encoded:
        """Features of every real frame, back in their places; stored features (N, R, D) pass as they are."""
        stored = len(clips.frames.shape) == 3
        features = (
            ops.cast(clips.frames, self.compute_dtype)
            if stored
            else self.encode_frames(clips.frames, training=training)
        )
        return unpack(features, clips.index)
