"""Vectors as input in place of frames: stored features, one-hot symbols or label probabilities.

One-hot symbols and label probabilities are the inputs of the CRF-max and CRF-prob designs of
Donahue et al. 2015, section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from keras import ops

from lrcn_seq.encoders.base import Encoder
from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Positive, Tensor
from lrcn_seq.registry import encoders


@encoders.register
class Vectors(Encoder):
    """Vectors (N, D) as features (N, 1, D), unchanged or normalized.

    Args:
        width: Width D of the vectors.
        normalize: `l2` scales each vector to length 1.
    """

    takes: ClassVar[Literal["frames", "vectors"]] = "vectors"
    width: int

    def __init__(
        self, width: Positive, *, normalize: Literal["none", "l2"] = "none", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.width, self.normalize = width, normalize

    @property
    def preprocessing(self) -> None:
        """None, because vectors have no pixels."""
        return

    def build(self, clips_shape: Sequence[Sequence[int]]) -> None:
        """Check the width of the vectors.

        Args:
            clips_shape: Shapes of the vectors (N, D) and of their index (B, T).

        Raises:
            ArgumentError: The vectors do not have width `width`.
        """
        width = clips_shape[0][-1]
        if width != self.width:
            raise ArgumentError(
                f"Expected vectors of width {self.width}. Received: vectors of width {width}; set "
                "`width` to that of the data."
            )

    def encode_frames(self, frames: Tensor, training: bool = False) -> Tensor:  # noqa: ARG002 - the interface
        """Return features (N, 1, D) of vectors (N, D)."""
        vectors = ops.cast(frames, self.compute_dtype)
        return (ops.normalize(vectors, axis=-1) if self.normalize == "l2" else vectors)[:, None, :]
