"""Images, videos and drawings for the tests of the data layer."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.records import Sample


def scene(width: int = 48, height: int = 32) -> np.ndarray:
    """Return an image (height, width, 3) with a red, a green, a blue and a white quarter."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (255, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 255)
    pixels[height // 2 :, width // 2 :] = 255
    return pixels


@pytest.fixture
def pixels() -> np.ndarray:
    """Return the image of `scene` in its default size."""
    return scene()


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Write twelve JPEGs of 40 × 30 pixels; all pixels of image n have gray value 10 n."""
    paths = []
    for number in range(12):
        path = tmp_path / f"photo{number:02d}.jpg"
        Image.new("RGB", (40, 30), (number * 10,) * 3).save(path, quality=95)
        paths.append(path)
    return paths


class Counter:
    """A drawing of `count` frames; all pixels of frame n have gray value n."""

    def __init__(self, name: str, count: int):
        self.key, self.count = name, count

    def draw(self) -> np.ndarray:
        """Return the frames (count, 8, 8, 3) uint8 of the drawing."""
        return np.arange(self.count, dtype=np.uint8)[:, None, None, None] * np.ones(
            (8, 8, 3), np.uint8
        )


@pytest.fixture
def counters() -> list[Sample]:
    """Return samples of 5, 20 and 11 frames whose gray values are the frame numbers."""
    return [
        Sample(str(count), Counter(f"counter{count}", count), str(count), "train", label="x")
        for count in (5, 20, 11)
    ]


def write_video(
    path: Path,
    count: int = 30,
    *,
    codec: str = "mpeg4",
    size: tuple[int, int] = (64, 48),
    rate: int = 25,
    stamps=None,
    **options,
) -> Path:
    """Write a video whose frame n has gray value 8 n on its right half, and return its path.

    The left half is white at the top and noise at the bottom.
    """
    import av

    with av.open(str(path), "w", **options) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = (
            *size,
            "rgb8" if codec == "gif" else "yuvj420p" if codec == "mjpeg" else "yuv420p",
        )
        if codec == "mpeg4":
            stream.codec_context.qmin = stream.codec_context.qmax = 1
        if stamps is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(count):
            pixels = np.full((size[1], size[0], 3), min(8 * number, 255), np.uint8)
            pixels[: size[1] // 2, : size[0] // 2] = 255
            noisy = pixels[size[1] // 2 :, : size[0] // 2]
            noisy[:] = np.random.default_rng(number).integers(0, 256, noisy.shape)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            if stamps is not None:
                frame.pts, frame.time_base = stamps[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def frame_numbers(frames: np.ndarray) -> list[int]:
    """Return the frame numbers of a video from `write_video`, read from the gray values."""
    return [round(int(frame[-4, -4, 0]) / 8) for frame in frames]
