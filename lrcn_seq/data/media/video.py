"""Video files, decoded in sequence; only the requested frames are converted and resized."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from lrcn_seq.data.media.base import FRAME_RATE, PIXELS_LIMIT, Media, NumberedFrame, name_of
from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.image import fit
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing

if TYPE_CHECKING:
    import av

SECONDS_LIMIT = 6 * 3600.0
PLAYLISTS = frozenset({"concat", "hls", "dash", "imf"})
"""FFmpeg formats that list other files."""

# The transposition that undoes each rotation recorded by cameras, in degrees counterclockwise.
TRANSPOSITIONS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    -180: Image.Transpose.ROTATE_180,
    -90: Image.Transpose.ROTATE_270,
}


class Video(Media):
    """A video file.

    Args:
        path: the file.
        pixels_limit: a video whose frames have more pixels is refused.
        seconds_limit: a longer video is refused by `times`.
    """

    times_from_file = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        pixels_limit: int = PIXELS_LIMIT,
        seconds_limit: float = SECONDS_LIMIT,
    ):
        self.name, self.path = name_of(path), Path(path)
        self.pixels_limit, self.seconds_limit = pixels_limit, seconds_limit

    def content_hash(self, index: ContentIndex) -> str:
        """Return the hash of the file."""
        return index.hash_file(self.path)

    def times(self) -> np.ndarray:
        """Return the time of each frame; all frames are decoded, since headers are unreliable.

        Raises:
            MediaError: no frame can be decoded, or the video exceeds a limit.
        """
        times: list[float] = []
        for frame, rate in self._decode():
            times.append(len(times) / rate if frame.time is None else frame.time)
            if times[-1] - times[0] > self.seconds_limit:
                raise MediaError(
                    self.name,
                    f"expected at most {self.seconds_limit:g} seconds of video. Received: more; "
                    "cut the video.",
                )
        return np.array(times) - times[0]

    def existing_frames(
        self, numbers: AbstractSet[int] | None, preprocessing: Preprocessing
    ) -> Iterator[NumberedFrame]:
        """Yield the numbered frames of the video; decoding stops after the last."""
        last = None if numbers is None else max(numbers)
        with closing(self._decode()) as frames:
            for number, (frame, _) in enumerate(frames):
                if numbers is None or number in numbers:
                    yield number, _fit_frame(frame, preprocessing)
                if number == last:
                    return

    def _decode(self) -> Generator[tuple[av.VideoFrame, float]]:
        """Yield all frames in display order with the frame rate, skipping undecodable packets."""
        import av

        # The prefix `file:` keeps a colon in a name from being read as a protocol, and the
        # whitelist keeps a file from referring to other hosts.
        options = {"protocol_whitelist": "file"}
        with (
            _media_errors(self.name, self.path),
            av.open(f"file:{self.path}", metadata_errors="ignore", options=options) as container,
        ):
            stream = self._stream(container)
            rate = float(stream.average_rate or stream.guessed_rate or FRAME_RATE)
            empty = True
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:
                    continue
                for frame in frames:
                    empty = False
                    self._check_size(frame.width, frame.height)
                    yield frame, rate
            if empty:
                raise MediaError(
                    self.name,
                    "expected a video. Received: no frame that can be decoded; "
                    "it is damaged or cut short.",
                )

    def _stream(self, container: av.container.InputContainer) -> av.VideoStream:
        """Return the first video stream, set to be decoded by several threads."""
        if container.format.name in PLAYLISTS:
            raise MediaError(
                self.name, "expected a video. Received: a list of other files; give those."
            )
        if not container.streams.video:
            raise MediaError(
                self.name, "expected a video. Received: a file without images (sound only)."
            )
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        self._check_size(stream.codec_context.width, stream.codec_context.height)
        return stream

    def _check_size(self, width: int, height: int) -> None:
        if width * height > self.pixels_limit:
            raise MediaError(
                self.name,
                f"expected at most {self.pixels_limit:,} pixels per frame. "
                f"Received: {width} × {height}; make the video smaller or raise the limit.",
            )


def _fit_frame(frame: av.VideoFrame, preprocessing: Preprocessing) -> np.ndarray:
    pixels: np.ndarray = frame.to_ndarray(format="rgb24")
    transposition = TRANSPOSITIONS.get(round(frame.rotation))
    if transposition is None and pixels.shape[:2] == preprocessing[:2]:
        return pixels  # Pillow would copy it twice.
    image = Image.fromarray(pixels)
    return fit(image if transposition is None else image.transpose(transposition), preprocessing)


@contextmanager
def _media_errors(name: str, path: Path) -> Iterator[None]:
    """Convert errors of the file system and of FFmpeg to MediaErrors."""
    import av

    try:
        yield
    except FileNotFoundError:
        raise MediaError(name, "expected a video; there is no such file.") from None
    except PermissionError:
        raise MediaError(name, "this video may not be read; check its permissions.") from None
    except (av.error.FFmpegError, UnicodeDecodeError) as error:
        detail = (
            "the file is empty"
            if path.is_file() and not path.stat().st_size
            else f"it is not one, or damaged ({getattr(error, 'strerror', None) or error})"
        )
        raise MediaError(name, f"expected a video; {detail}.") from error
