"""Vectors in place of frames: stored features, symbols one-hot, or the probabilities of a labeller.

The last two are the CRF-max and CRF-prob designs of Donahue et al. 2015, section 5.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from keras import ops

from lrcn_seq.encoders.base import Encoder
from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Positive
from lrcn_seq.registry import encoders


@encoders.register
class Vectors(Encoder):
    """Vectors (N, D) as they are, D = `width`; `normalize: l2` brings each to length 1."""

    takes: ClassVar[Literal["frames", "vectors"]] = "vectors"

    def __init__(self, width: Positive, *, normalize: Literal["none", "l2"] = "none", **kwargs):
        super().__init__(**kwargs)
        self.width, self.normalize = width, normalize

    @property
    def preprocessing(self) -> None:
        """Vectors have no pixels."""
        return

    def build(self, clips_shape):
        """Checks the width of the vectors.

        Raises:
            ArgumentError: it is another.
        """
        found = clips_shape[0][-1]
        if found != self.width:
            raise ArgumentError(
                f"Expected vectors of width {self.width}. Received: vectors of width {found}; set `width` to that of the data."
            )

    def encode_frames(self, frames, training: bool = False):  # noqa: ARG002 - the contract
        """Vectors (N, D) to features (N, 1, D)."""
        vectors = ops.cast(frames, self.compute_dtype)
        return (ops.normalize(vectors, axis=-1) if self.normalize == "l2" else vectors)[:, None, :]
