"""The interface of an encoder."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from hashlib import sha256
from typing import ClassVar, Literal

import keras
import numpy as np
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.packing import unpack
from lrcn_seq.layers.record_layer import RecordLayer
from lrcn_seq.part_source import code_hash
from lrcn_seq.records import Clips, Encoded, Preprocessing, Tensor
from lrcn_seq.registry import encoders

NOT_IN_IDENTITY = frozenset({"name", "trainable", "dtype", "train", "weights"})
"""Constructor arguments that, for given weight values, do not affect the features."""


class Encoder(RecordLayer, ABC):
    """An encoder from clips to features (B, S, R, D).

    A frame-wise encoder implements `encode_frames`, or derives from `ConvolutionalEncoder`. An
    encoder that combines frames over time, such as a 3-D convolution, overrides `call`.

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

    @property
    def has_maps(self) -> bool:
        """Whether the features come from a convolutional feature map of each step."""
        return False

    def clip_maps(self, clips: Clips) -> tuple[Tensor, Tensor]:
        """Return the last convolutional feature maps (B, S, h, w, C) and the mask (B, S).

        Raises:
            ArgumentError: The encoder has no feature maps.
        """
        raise ArgumentError(
            "Expected an encoder with convolutional feature maps. Received: "
            f"{encoders.name_of(type(self))} and frames of shape {tuple(clips.frames.shape)}; "
            "choose another encoder."
        )

    def encode_maps(self, maps: Tensor, mask: Tensor) -> Encoded:
        """Return the features of the maps and the mask that `clip_maps` returned.

        Raises:
            ArgumentError: The encoder has no feature maps.
        """
        raise ArgumentError(
            "Expected an encoder with convolutional feature maps. Received: "
            f"{encoders.name_of(type(self))}, maps of shape {tuple(maps.shape)} and a mask "
            f"of shape {tuple(mask.shape)}; choose another encoder."
        )

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


class ConvolutionalEncoder(Encoder):
    """A frame-wise encoder whose features come from the last feature map of each frame."""

    @property
    def has_maps(self) -> bool:
        """Whether `frame_maps` gives feature maps."""
        return True

    @abstractmethod
    def frame_maps(self, frames: Tensor, training: bool = False) -> Tensor:
        """Return the last feature maps (N, h, w, C) of packed frames (N, H, W, 3) uint8."""

    @abstractmethod
    def pool_maps(self, maps: Tensor, training: bool = False) -> Tensor:
        """Return the features (N, R, D) of feature maps (N, h, w, C)."""

    def encode_frames(self, frames: Tensor, training: bool = False) -> Tensor:
        """Return features (N, R, D) of frames (N, H, W, 3)."""
        return self.pool_maps(self.frame_maps(frames, training), training)

    def clip_maps(self, clips: Clips) -> tuple[Tensor, Tensor]:
        """Return the last feature maps (B, S, h, w, C), zero at padding, and the mask (B, S)."""
        maps = self.frame_maps(clips.frames)
        padded = ops.pad(maps, ((1, 0), (0, 0), (0, 0), (0, 0)))
        return ops.take(padded, clips.index + 1, axis=0), clips.index >= 0

    def encode_maps(self, maps: Tensor, mask: Tensor) -> Encoded:
        """Return features (B, S, R, D), zero at padding, of maps (B, S, h, w, C)."""
        B, S, *sizes = ops.shape(maps)
        features = self.pool_maps(ops.reshape(maps, (B * S, *sizes)))
        features = ops.reshape(features, (B, S, *features.shape[1:]))
        padding = ops.zeros_like(features)
        return Encoded(ops.where(mask[:, :, None, None], features, padding), mask)


def run_layers(layers: Iterable[keras.layers.Layer], x: Tensor, training: bool = False) -> Tensor:
    """Return the output of a sequence of layers."""
    for layer in layers:
        x = layer(x, training=training)
    return x
