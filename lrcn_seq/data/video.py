"""Videos and folders of frame images: decoded in sequence, with only the wanted frames converted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from lrcn_seq.data.pictures import PIXELS_LIMIT, fit, read_picture
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing

if TYPE_CHECKING:
    import av

SECONDS_LIMIT = 6 * 3600.0
PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
)
FOLDER_RATE = 25.0
PLAYLISTS = frozenset({"concat", "hls", "dash", "imf"})

# Set upright by quarter turns: what the camera notes, counterclockwise, to Pillow's transposition.
QUARTER_TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    -180: Image.Transpose.ROTATE_180,
    -90: Image.Transpose.ROTATE_270,
}


def read_times(
    path: str | Path, *, pixels_limit: int = PIXELS_LIMIT, seconds_limit: float = SECONDS_LIMIT
) -> np.ndarray:
    """When each frame is shown, in seconds from the first, (F,) float64. Decodes all: headers do not tell the truth.

    Raises:
        MediaError: no frame can be decoded, or the video is larger or longer than allowed.
    """
    if Path(path).is_dir():
        return np.arange(len(frame_files(path))) / FOLDER_RATE
    times: list[float] = []
    for frame, rate in _decoded(path, pixels_limit):
        times.append(len(times) / rate if frame.time is None else frame.time)
        if times[-1] - times[0] > seconds_limit:
            raise MediaError(
                str(path),
                f"expected at most {seconds_limit:g} seconds of video. Received: more; cut it, or raise the bound.",
            )
    return np.array(times) - times[0]


def read_numbers(
    path: str | Path,
    numbers: Sequence[int] | np.ndarray,
    preprocessing: Preprocessing,
    *,
    pixels_limit: int = PIXELS_LIMIT,
) -> np.ndarray:
    """The frames of these numbers, in the order asked for, (T, height, width, 3) uint8.

    Decoding stops after the last one wanted.

    Raises:
        MediaError: the video has fewer frames, or cannot be read.
    """
    numbers = np.asarray(numbers, int)
    wanted = set(numbers.tolist())
    taken = dict(read_wanted(path, wanted, preprocessing, pixels_limit=pixels_limit))
    if wanted - taken.keys():
        raise ends_before(path, max(wanted))
    return np.stack([taken[number] for number in numbers.tolist()])


def ends_before(path: str | Path, number: int) -> MediaError:
    """What to say of a video that has fewer frames than were counted in it."""
    return MediaError(
        str(path),
        f"expected a frame number {number} (from 0). Received: a video that ends before; it is cut short or was exchanged.",
    )


def frame_files(folder: str | Path) -> list[Path]:
    """The pictures in a folder, 2.png before 10.png.

    Raises:
        MediaError: there are none.
    """
    try:
        files = [
            file
            for file in Path(folder).iterdir()
            if file.suffix.lower() in PICTURE_SUFFIXES and not file.name.startswith(".")
        ]
    except OSError as error:
        raise MediaError(
            str(folder), f"this folder cannot be read ({error.strerror or error})."
        ) from error
    if not files:
        raise MediaError(
            str(folder), "expected a folder of frame pictures. Received: a folder without any."
        )
    return sorted(
        files,
        key=lambda file: [
            int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", file.name)
        ],
    )


def read_wanted(
    path: str | Path,
    wanted: set[int],
    preprocessing: Preprocessing,
    *,
    pixels_limit: int = PIXELS_LIMIT,
) -> Iterator[tuple[int, np.ndarray]]:
    """Those of the wanted frames that the video has, with their numbers, ascending; decoding stops after the last.

    Raises:
        MediaError: it cannot be read.
    """
    if Path(path).is_dir():
        files = frame_files(path)
        for number in sorted(number for number in wanted if 0 <= number < len(files)):
            yield (
                number,
                fit(
                    read_picture(files[number], pixels_limit=pixels_limit, size=preprocessing[:2]),
                    preprocessing,
                ),
            )
        return
    left = len(wanted)
    with closing(_decoded(path, pixels_limit)) as frames:
        for number, (frame, _) in enumerate(frames):
            if number in wanted:
                yield number, _fitted(frame, preprocessing)
                left -= 1
            if not left:
                return


def _decoded(path: str | Path, pixels_limit: int) -> Iterator[tuple[av.VideoFrame, float]]:
    """All frames in the order shown, with the frame rate; packets that cannot be decoded are left out, as players do."""
    import av

    # Without the prefix, what stands before a colon in a name would be taken for a protocol; and no file may lead to other hosts.
    with (
        _sentences(path),
        av.open(
            f"file:{path}", metadata_errors="ignore", options={"protocol_whitelist": "file"}
        ) as container,
    ):
        if container.format.name in PLAYLISTS:
            raise MediaError(
                str(path), "expected a video. Received: a list of other files; give those."
            )
        if not container.streams.video:
            raise MediaError(
                str(path), "expected a video. Received: a file without pictures (sound only)."
            )
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        rate = float(stream.average_rate or stream.guessed_rate or FOLDER_RATE)
        _bound(path, stream.codec_context.width, stream.codec_context.height, pixels_limit)
        empty = True
        for packet in _packets(container, stream):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                continue
            for frame in frames:
                empty = False
                _bound(path, frame.width, frame.height, pixels_limit)
                yield frame, rate
        if empty:
            raise MediaError(
                str(path),
                "expected a video. Received: no frame that can be decoded; it is damaged or cut short.",
            )


def _packets(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.Packet]:
    return container.demux(stream)


def _bound(path: str | Path, width: int, height: int, pixels_limit: int) -> None:
    if width * height > pixels_limit:
        raise MediaError(
            str(path),
            f"expected at most {pixels_limit:,} pixels a frame. Received: {width} × {height}; make the video smaller or raise the bound.",
        )


def _fitted(frame: av.VideoFrame, preprocessing: Preprocessing) -> np.ndarray:
    pixels, turn = frame.to_ndarray(format="rgb24"), QUARTER_TURNS.get(round(frame.rotation))
    if turn is None and pixels.shape[:2] == preprocessing[:2]:
        return pixels  # the way through Pillow would copy it twice
    image = Image.fromarray(pixels)
    return fit(image if turn is None else image.transpose(turn), preprocessing)


@contextmanager
def _sentences(path: str | Path) -> Iterator[None]:
    import av

    try:
        yield
    except FileNotFoundError:
        raise MediaError(str(path), "expected a video; there is no such file.") from None
    except PermissionError:
        raise MediaError(str(path), "this video may not be read; check its permissions.") from None
    except (av.error.FFmpegError, UnicodeDecodeError) as error:
        what = (
            "the file is empty"
            if Path(path).is_file() and not Path(path).stat().st_size
            else f"it is none, or damaged ({getattr(error, 'strerror', None) or error})"
        )
        raise MediaError(str(path), f"expected a video; {what}.") from error
