"""The media reader: opens inputs of any type and reads them as an encoder expects."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from copy import copy
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from lrcn_seq.data.media.animation import AnimatedImage
from lrcn_seq.data.media.base import PIXELS_LIMIT, SECONDS_LIMIT, Media, MediaSource, SelectFrame
from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.drawn import Drawn
from lrcn_seq.data.media.facts import check_image, frame_times
from lrcn_seq.data.media.frame_array import FrameArray
from lrcn_seq.data.media.frame_folder import FrameFolder
from lrcn_seq.data.media.image import StillImage
from lrcn_seq.data.media.image_file import is_still_image
from lrcn_seq.data.media.optical_flow import OpticalFlow
from lrcn_seq.data.media.vector_array import Vectors
from lrcn_seq.data.media.video import Video
from lrcn_seq.data.packed_clips import iter_clips
from lrcn_seq.data.views.base import View
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Clips, Drawable, Modality, Preprocessing

MediaKind = Literal["images", "clips", "vectors"]
"""The kind of the samples of a config: still images, clips of several frames, or vectors."""

MEDIA_TYPES: dict[MediaKind, tuple[str, ...]] = {
    "images": ("image/*",),
    "clips": ("video/*", "image/*"),
    "vectors": ("application/x-npy",),
}
"""The patterns of the Internet media types of the files of each kind."""
SMALLEST = Preprocessing(1, 1)


class MediaReader:
    """A reader for the inputs of one encoder, which are all of one kind.

    Args:
        kind: kind of the inputs, which determines what a path refers to. `images`: an image file;
            an animation yields its first frame. `clips`: a folder of frames, a video, or an image
            (see `is_still_image`); an animation yields all its frames. `vectors`: a `.npy` file.
        preprocessing: size and resize rule of frames. None for vectors, and for a reader that only
            checks inputs, hashes them and returns their times.
        vector_width: width D of vectors; None accepts any width.
        view: crops of the frames; None for whole frames.
        modality: `flow` reads the optical flow of clips instead of their frames.
        pixels_limit: an image or video whose frames have more pixels is refused.
        seconds_limit: a longer clip is refused, unless it is streamed.
        index: the cache of hashes and frame times of files. None computes them at every call, and
            searches images for damage at every reading instead of only in `check` and `times`.
    """

    def __init__(
        self,
        kind: MediaKind,
        preprocessing: Preprocessing | None = None,
        *,
        vector_width: int | None = None,
        view: View | None = None,
        modality: Modality = "rgb",
        pixels_limit: int = PIXELS_LIMIT,
        seconds_limit: float = SECONDS_LIMIT,
        index: ContentIndex | None = None,
    ):
        self.kind, self.preprocessing, self.vector_width = kind, preprocessing, vector_width
        self.view = None if kind == "vectors" else view
        self.modality, self.index = modality, index
        self.pixels_limit, self.seconds_limit = pixels_limit, seconds_limit
        self._size = enlarged(preprocessing or SMALLEST, self.view)

    @property
    def media_types(self) -> tuple[str, ...]:
        """The patterns of the Internet media types of the inputs, such as `image/*`."""
        return MEDIA_TYPES[self.kind]

    @property
    def sees_whole_frames(self) -> bool:
        """Whether the encoder sees all of a frame, however it is stretched."""
        size = self.preprocessing
        return size is not None and size.resize == "stretch" and self._size == size

    @property
    def frame_size(self) -> Preprocessing:
        """The size and resize rule with which frames are read: with the margin of the view."""
        return self._size

    @property
    def reads_pixels(self) -> bool:
        """Whether the inputs are images or clips rather than vectors."""
        return self.kind != "vectors"

    def with_index(self, index: ContentIndex) -> MediaReader:
        """Return a copy of the reader with a content index."""
        reader = copy(self)
        reader.index = index
        return reader

    def open(self, source: MediaSource) -> Media:
        """Return the media of a path, a drawing, a PIL image or an array, without reading it.

        Media that are open are returned, with their optical flow if that is the modality.

        Raises:
            MediaError: the source has another type.
        """
        if self.kind == "vectors":
            return self._vectors(source)
        media = self._frames_media(source)
        return OpticalFlow(media) if self.modality == "flow" else media

    def check(self, source: MediaSource) -> None:
        """Raise MediaError unless a source can be read. Drawings are not checked."""
        if isinstance(source, Drawable):
            return
        media = self.open(source)
        if self.kind == "images" and isinstance(media, StillImage) and self.index is not None:
            check_image(media, self.index)
            return
        self.times(source)
        if isinstance(media, FrameFolder) and self.index is not None:
            for frame in media.images():
                check_image(frame, self.index)

    def content_hash(self, source: MediaSource) -> str:
        """Return a hash of the content of a source.

        Raises:
            MediaError: the source cannot be read.
        """
        return self.open(source).content_hash(self.index or ContentIndex())

    def times(self, source: MediaSource) -> np.ndarray:
        """Return the time of each frame of a source, (F,) seconds from the first.

        Raises:
            MediaError: the source cannot be read.
        """
        media = self.open(source)
        if self.index is None or media.times_key is None:
            return media.times()
        return frame_times(media, self.index, self.pixels_limit)

    def frames(
        self,
        source: MediaSource,
        numbers: np.ndarray | None = None,
        random: np.random.Generator | None = None,
    ) -> np.ndarray:
        """Return frames of a source in one view.

        Args:
            source: a path, a drawing, a PIL image or an array.
            numbers: (T,) frame numbers; None for all frames.
            random: the random generator of a training view; None for the first test view.

        Returns:
            (T, height, width, 3) uint8, T = 1 for an image; or vectors (T, D) float32.

        Raises:
            MediaError: the source cannot be read.
            MissingPackageError: the modality is flow and OpenCV is not installed.
        """
        frames = self.open(source).frames(self._size, numbers)
        if random is None or self.view is None:
            return self._test_views(frames)[0]
        return self.view.train(frames, self._crop_size, random, modality=self.modality)

    def views(self, source: MediaSource, numbers: np.ndarray | None = None) -> list[np.ndarray]:
        """Return frames of a source in all test views; the source is decoded once.

        Args:
            source: a path, a drawing, a PIL image or an array.
            numbers: (T,) frame numbers; None for all frames.

        Returns:
            One array per view, as returned by `frames`.
        """
        return self._test_views(self.open(source).frames(self._size, numbers))

    def clip(self, source: MediaSource) -> Clips:
        """Return a source as one clip: an image as one frame, otherwise all frames or vectors.

        Raises:
            MediaError: the source cannot be read.
        """
        frames = self.frames(source)[: 1 if self.kind == "images" else None]
        return Clips(frames, np.arange(len(frames), dtype=np.int32)[None])

    def clips(
        self, source: MediaSource, selections: Sequence[np.ndarray], batch: int = 16
    ) -> Iterator[Clips]:
        """Yield the clips of one source in all test views.

        A video is decoded once and on demand; memory does not grow with its length.

        Args:
            source: a path, a drawing, a PIL image or an array.
            selections: frame numbers (T,) of each clip, in the order of the video.
            batch: number of selections per batch.

        Raises:
            MediaError: while iterating, if the source cannot be read.
        """
        numbers = np.unique(np.concatenate(selections))
        frames = self.open(source).iter_frames(numbers, self._size)
        return iter_clips(frames, selections, batch=batch, views=self._test_views)

    def is_live(self, source: MediaSource) -> bool:
        """Return whether a source may be long or endless, so that its times are unknown at first.

        Raises:
            MediaError: the source has another type.
        """
        return self.open(source).live

    def stream(
        self, source: MediaSource, select: SelectFrame, chunk: int = 16
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the selected frames of one source in the first test view, as they are decoded.

        Args:
            source: a path, a drawing, a PIL image or an array.
            select: called for each frame in order; returns whether the frame is selected.
            chunk: number of frames that are yielded at once.

        Yields:
            Times (n,) in seconds, and frames (n, height, width, 3) uint8.

        Raises:
            MediaError: while iterating, if the source cannot be read.
        """
        frames = self.open(source).stream_frames(select, self._size)
        while piece := list(islice(frames, chunk)):
            times, pixels = zip(*piece, strict=True)
            yield np.array(times), self._test_views(np.stack(pixels))[0]

    @property
    def _limits(self) -> dict[str, Any]:
        """The limits on clips, as keyword arguments of media."""
        return {"pixels_limit": self.pixels_limit, "seconds_limit": self.seconds_limit}

    @property
    def _crop_size(self) -> tuple[int, int]:
        """The (height, width) of views."""
        size = self.preprocessing or SMALLEST
        return size.height, size.width

    def _test_views(self, frames: np.ndarray) -> list[np.ndarray]:
        if self.view is None:
            return [frames]
        return self.view.test(frames, self._crop_size, modality=self.modality)

    def _vectors(self, source: MediaSource) -> Vectors:
        if not isinstance(source, (str, os.PathLike, np.ndarray)):
            raise _unsupported(source, "a path or an array of vectors")
        return Vectors(source, width=self.vector_width)

    def _frames_media(self, source: MediaSource) -> Media:
        if isinstance(source, Media):
            return source
        if isinstance(source, np.ndarray) and source.ndim == 4:
            return FrameArray(source, pixels_limit=self.pixels_limit)
        if isinstance(source, (Image.Image, np.ndarray)):
            return StillImage(source, pixels_limit=self.pixels_limit)
        if isinstance(source, (str, os.PathLike)):
            return self._file(source)
        if isinstance(source, Drawable):
            return Drawn(source, pixels_limit=self.pixels_limit)
        raise _unsupported(source, "a path, a PIL image or an array")

    def _file(self, path: str | os.PathLike[str]) -> Media:
        if str(path).startswith(("http://", "https://")):
            raise MediaError(
                str(path),
                "expected a path. Received: a URL, which is not fetched; download the file first.",
            )
        checked = self.index is not None
        if self.kind == "images":
            return StillImage(path, pixels_limit=self.pixels_limit, checked=checked)
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises OSError for long names
            return FrameFolder(path, pixels_limit=self.pixels_limit)
        if is_still_image(Path(path)):
            return AnimatedImage(path, **self._limits, checked=checked)
        return Video(path, **self._limits)


def media_kind(takes: Literal["frames", "vectors"], *, sampled: bool) -> MediaKind:
    """Return the kind of the samples of a config.

    Args:
        takes: the input of the encoder.
        sampled: whether the config has a frame sampling.
    """
    if takes == "vectors":
        return "vectors"
    return "clips" if sampled else "images"


def enlarged(preprocessing: Preprocessing, view: View | None) -> Preprocessing:
    """Return a preprocessing enlarged by the margin of a view."""
    if view is None or view.margin == 1:
        return preprocessing
    return preprocessing._replace(
        height=round(preprocessing.height * view.margin),
        width=round(preprocessing.width * view.margin),
    )


def _unsupported(source: object, expected: str) -> MediaError:
    kind = type(source).__name__
    return MediaError(f"the given {kind}", f"expected {expected}. Received: {kind}.")
