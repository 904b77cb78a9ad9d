"""The interface of an encoder."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from hashlib import sha256
from typing import ClassVar, Literal

import numpy as np
from keras import ops

from lrcn_seq.layers.packing import unpack
from lrcn_seq.layers.record_layer import RecordLayer
from lrcn_seq.part_source import code_hash
from lrcn_seq.records import Clips, Encoded, Preprocessing, Tensor
from lrcn_seq.registry import encoders

NOT_IN_IDENTITY = frozenset({"name", "trainable", "dtype", "train", "weights"})
"""Constructor arguments that, for given weight values, do not affect the features."""


class Encoder(RecordLayer, ABC):
    """An encoder from clips to features (B, S, R, D).

    A frame-wise encoder implements `encode_frames`. An encoder that combines frames over time, such
    as a 3-D convolution, overrides `call`.

    Attributes:
        takes: Kind of input, frames (N, H, W, 3) or vectors (N, D).
        stride: Number of frames per step, so that S = ceil(T / stride).
        width: Width D of the input vectors; None if the encoder takes frames.
    """

    record = Clips
    record_argument = "clips"
    takes: ClassVar[Literal["frames", "vectors"]] = "frames"
    stride: int = 1
    width: int | None = None

    @property
    @abstractmethod
    def preprocessing(self) -> Preprocessing | None:
        """Size, resize rule and scaling of the frames; None if the encoder takes vectors."""

    def identity(self) -> str:
        """Return the key of the encoder in the feature store.

        The key contains the name of the part, the arguments that affect features, the compute dtype
        and a hash of the weight values, but not the origin of the weights. If the user wrote the
        encoder, the key also contains a hash of its file. Hashing takes about a second for VGG-16;
        if the key were a property, Keras would compute it whenever it saves or loads weights.
        """
        arguments = {
            name: value for name, value in self.get_config().items() if name not in NOT_IN_IDENTITY
        }
        digest = sha256()
        for weight in self.weights:
            digest.update(np.ascontiguousarray(ops.convert_to_numpy(weight.value)).tobytes())
        parts = (
            f"{encoders.name_of(type(self))}{code_hash(type(self))}",
            json.dumps(arguments, sort_keys=True),
            self.compute_dtype,
        )
        return ":".join((*parts, digest.hexdigest()))

    @property
    def frozen(self) -> bool:
        """Whether the encoder has no trainable weights."""
        return not self.trainable_variables

    @property
    def frame_wise(self) -> bool:
        """Whether each step depends on a single frame, so that frames can be streamed."""
        return type(self).call is Encoder.call

    @property
    def feature_shape(self) -> tuple[int, int] | None:
        """Shape (R, D) of the features of a frame, or None if only a call shows it.

        If the shape is known, a task builds its decoder without running the encoder, whose
        variables must exist already.
        """
        return None

    def example_input(self) -> np.ndarray:
        """Return one black frame (1, H, W, 3) uint8 or one zero vector (1, D) float32."""
        if self.preprocessing is None:
            return np.zeros((1, self.width or 0), "float32")
        return np.zeros((1, self.preprocessing.height, self.preprocessing.width, 3), "uint8")

    def load_pretrained(self) -> None:
        """Load the pretrained weights specified by the constructor arguments, if any.

        Call this method only before training: a trained model has its weights in its run folder.
        """

    @abstractmethod
    def encode_frames(self, frames: Tensor, training: bool = False) -> Tensor:
        """Return features (N, R, D) of packed frames (N, H, W, 3) uint8 or vectors (N, D)."""

    def call(self, clips: Clips, training: bool = False) -> Encoded:
        """Encode the real frames and return features (B, S, R, D), zero at padding.

        Stored features (N, R, D) in `clips.frames` are returned unchanged.
        """
        stored = len(clips.frames.shape) == 3
        features = (
            ops.cast(clips.frames, self.compute_dtype)
            if stored
            else self.encode_frames(clips.frames, training=training)
        )
        return unpack(features, clips.index)
