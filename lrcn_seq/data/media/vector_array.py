"""Vectors in place of frames, for encoders of precomputed features."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import numpy as np

from lrcn_seq.data.media.base import FRAME_RATE, Media, NumberedFrame, name_of
from lrcn_seq.data.media.content_index import ContentIndex, hash_pixels
from lrcn_seq.errors import MediaError
from lrcn_seq.files import open_file
from lrcn_seq.records import Preprocessing

ZIP_SIGNATURE = b"PK\x03\x04"


class Vectors(Media):
    """A `.npy` file or an array of vectors (T, D), one per frame, at 25 per second.

    Args:
        source: a path or an array.
        width: the width D that the encoder expects; None accepts any width.
    """

    def __init__(self, source: str | os.PathLike[str] | np.ndarray, *, width: int | None = None):
        self.name, self.width, self._source = name_of(source), width, source

    def content_hash(self, index: ContentIndex) -> str:
        """Return the hash of the file or of the array."""
        if isinstance(self._source, np.ndarray):
            return hash_pixels(self._source)
        return index.hash_file(Path(self._source))

    def times(self) -> np.ndarray:
        """Return the times of all vectors."""
        return np.arange(len(self.vectors())) / FRAME_RATE

    def frames(
        self,
        preprocessing: Preprocessing | None,  # noqa: ARG002 - vectors have no pixels
        numbers: Sequence[int] | np.ndarray | None = None,
    ) -> np.ndarray:
        """Return the requested vectors, (T, D) float32."""
        vectors = self.vectors()
        if numbers is None:
            return vectors
        order = np.asarray(numbers, int)
        if order.max(initial=0) >= len(vectors):
            raise self._too_short(int(order.max()))
        return vectors[order]

    def existing_frames(
        self,
        numbers: AbstractSet[int] | None,
        preprocessing: Preprocessing | None,  # noqa: ARG002 - vectors have no pixels
    ) -> Iterator[NumberedFrame]:
        """Yield the requested vectors, each (D,) float32."""
        for number, vector in enumerate(self.vectors()):
            if numbers is None or number in numbers:
                yield number, vector

    def vectors(self) -> np.ndarray:
        """Return all vectors, (T, D) float32.

        Raises:
            MediaError: the source does not contain vectors, or contains vectors of another width.
        """
        vectors = self._loaded()
        if vectors.ndim != 2 or not vectors.size or vectors.dtype.kind not in "fiub":
            raise MediaError(
                self.name,
                "expected vectors (T, D). "
                f"Received: an array of shape {vectors.shape} of {vectors.dtype}.",
            )
        if self.width not in (None, vectors.shape[1]):
            raise MediaError(
                self.name,
                f"expected vectors of width {self.width}. Received: vectors of width "
                f"{vectors.shape[1]}; set encoder.width to the width of the data.",
            )
        with np.errstate(over="ignore"):
            vectors = vectors.astype(np.float32)
        if not np.isfinite(vectors).all():
            place = np.argwhere(~np.isfinite(vectors))[0].tolist()
            raise MediaError(
                self.name,
                f"expected finite numbers. Received: {vectors[tuple(place)]} at {place}, after "
                "conversion to float32; repair or remove the vector.",
            )
        return vectors

    def _loaded(self) -> np.ndarray:
        if isinstance(self._source, np.ndarray):
            return self._source
        try:
            return _read_array(self._source)
        except Exception as error:  # NumPy raises many exception types.
            words = str(getattr(error, "strerror", None) or error).split()
            reason = " ".join(words).removeprefix("expected a regular file. Received: ")
            detail = reason[:120].removesuffix(".") or type(error).__name__
            raise MediaError(
                self.name,
                f"expected a file of vectors in NumPy's format (.npy). Received: {detail}.",
            ) from error


def _read_array(path: str | os.PathLike[str]) -> np.ndarray:
    """Read a `.npy` file after checking that it holds as much data as its header states."""
    with open_file(path) as file:
        if file.read(len(ZIP_SIGNATURE)) == ZIP_SIGNATURE:
            raise ValueError("an archive of arrays (.npz); save one array with numpy.save")
        file.seek(0)
        # Mapping fails if the shape exceeds the file; reading alone would allocate memory first.
        with np.errstate(all="ignore"):
            np.lib.format.open_memmap(path, mode="r")
        return np.asarray(np.lib.format.read_array(file, allow_pickle=False))
