"""Folders of frame images as clips."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

import numpy as np

from lrcn_seq.data.media.base import FRAME_RATE, PIXELS_LIMIT, Media, NumberedFrame, name_of
from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.image import StillImage
from lrcn_seq.data.media.image_file import is_still_image
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing


class FrameFolder(Media):
    """A folder whose images are the frames of a clip, at 25 frames per second.

    Args:
        path: the folder.
        pixels_limit: a frame with more pixels is refused before it is decoded.
    """

    times_key = "folder"

    def __init__(self, path: str | os.PathLike[str], *, pixels_limit: int = PIXELS_LIMIT):
        self.name, self.path, self.pixels_limit = name_of(path), Path(path), pixels_limit

    def content_hash(self, index: ContentIndex) -> str:
        """Return the hash of the names and contents of all frames."""
        return index.hash_files(self.files())

    def times(self) -> np.ndarray:
        """Return the times of all frames without decoding any."""
        return np.arange(len(self.files())) / FRAME_RATE

    def existing_frames(
        self, numbers: AbstractSet[int] | None, preprocessing: Preprocessing | None
    ) -> Iterator[NumberedFrame]:
        """Yield the requested frames of the folder."""
        for number, frame in enumerate(self.images()):
            if numbers is None or number in numbers:
                yield number, frame.frames(preprocessing)[0]

    def images(self) -> list[StillImage]:
        """Return the frames in order, as images that are not decoded yet."""
        return [StillImage(file, pixels_limit=self.pixels_limit) for file in self.files()]

    def files(self) -> list[Path]:
        """Return the images of the folder in natural order: 2.png before 10.png.

        Raises:
            MediaError: the folder has no images or is unreadable.
        """
        try:
            files = [file for file in self.path.iterdir() if _is_frame(file)]
        except OSError as error:
            raise MediaError(
                self.name, f"this folder cannot be read ({error.strerror or error})."
            ) from error
        if not files:
            raise MediaError(
                self.name, "expected a folder of frame images. Received: a folder without images."
            )
        return sorted(files, key=_natural_order)


def _is_frame(file: Path) -> bool:
    return not file.name.startswith(".") and is_still_image(file)


def _natural_order(file: Path) -> list[int | str]:
    """Split a file name into text and numbers, so that numbers sort by value."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", file.name)]
