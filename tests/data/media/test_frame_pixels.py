"""Pixels of decoded frames: orientation, transparency and pixel formats."""

import struct
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media.frame_pixels import frame_pixels
from lrcn_seq.data.media.video import Video
from lrcn_seq.records import Preprocessing
from tests.media_fixtures import scene, write_video

ONE, LAST = 0x10000, 0x40000000


def with_display_matrix(path: Path, a: int, b: int, c: int, d: int) -> Path:
    """Write a display matrix into the track header of an MP4, as phones do."""
    content = bytearray(path.read_bytes())
    start = content.index(b"tkhd") + 4 + 4 + 20 + 16
    matrix = (a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, LAST)
    content[start : start + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(content)
    return path


def write_frame(path: Path, pixels: np.ndarray, codec: str, pixel_format: str, **options) -> Path:
    """Write a video of the single frame `pixels`, (H, W, 3 or 4)."""
    source = "rgba" if pixels.shape[2] == 4 else "rgb24"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = *pixels.shape[:2], pixel_format
        frame = av.VideoFrame.from_ndarray(pixels, format=source).reformat(format=pixel_format)
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ((1, 0, 0, 1), lambda p: p),
        ((-1, 0, 0, 1), lambda p: p[:, ::-1]),
        ((1, 0, 0, -1), lambda p: p[::-1]),
        ((-1, 0, 0, -1), lambda p: p[::-1, ::-1]),
        ((0, 1, 1, 0), lambda p: p.swapaxes(0, 1)),
        ((0, 1, -1, 0), lambda p: np.rot90(p, -1)),
        ((0, -1, 1, 0), np.rot90),
        ((0, -1, -1, 0), lambda p: np.rot90(p, 2).swapaxes(0, 1)),
    ],
)
def test_frames_are_turned_and_mirrored_by_the_display_matrix(tmp_path, matrix, expected):
    """A frame is oriented by its display matrix, in each of the eight orientations."""
    path = write_frame(tmp_path / "a.mp4", scene(64, 48), "mpeg4", "yuv420p")
    ((_, upright),) = Video(path).existing_frames(None, None)
    ((_, frame),) = Video(with_display_matrix(path, *matrix)).existing_frames(None, None)
    np.testing.assert_array_equal(frame, expected(upright))


def test_a_slight_rotation_is_ignored(tmp_path):
    """A display matrix with a slight rotation is rounded to the nearest orientation."""
    path = write_video(tmp_path / "a.mp4", 1)
    before = Video(path).frames(None)
    content = bytearray(path.read_bytes())
    start = content.index(b"tkhd") + 44
    content[start : start + 20] = struct.pack(">5i", 65000, 3000, 0, -3000, 65000)
    path.write_bytes(content)
    np.testing.assert_array_equal(Video(path).frames(None), before)


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format", "options"),
    [
        ("a.webm", "libvpx", "yuva420p", {"auto-alt-ref": "0"}),
        ("a.webm", "libvpx-vp9", "yuva420p", {}),
        ("a.mov", "prores_ks", "yuva444p10le", {}),
        ("a.mov", "qtrle", "argb", {}),
        ("a.mkv", "ffv1", "bgra", {}),
    ],
)
def test_transparent_parts_are_white(tmp_path, name, codec, pixel_format, options):
    """Transparent parts of a frame are shown as white, half-transparent ones as a mixture."""
    pixels = np.full((48, 96, 4), (255, 0, 0, 255), np.uint8)
    pixels[:, 32:64, 3], pixels[:, 64:, 3] = 0, 128
    frame = Video(write_frame(tmp_path / name, pixels, codec, pixel_format, **options)).frames(None)
    for column, color in ((16, (255, 0, 0)), (48, (255, 255, 255)), (80, (255, 127, 127))):
        np.testing.assert_allclose(frame[0, 24, column], color, atol=12)


def test_a_palette_with_transparency_is_put_on_white():
    """The transparent color of a frame with a palette is shown as white."""
    frame = av.VideoFrame(8, 8, "pal8")
    palette = np.zeros((256, 4), np.uint8)
    palette[0], palette[1] = (0, 0, 255, 0), (0, 0, 255, 255)  # blue, green, red, alpha
    frame.planes[1].update(palette.tobytes())
    rows = np.zeros((8, frame.planes[0].line_size), np.uint8)
    rows[4:, :8] = 1
    frame.planes[0].update(rows.tobytes())
    pixels = frame_pixels(frame, None)
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[7, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("codec", "pixels"),
    [
        ("ffv1", "gray"),
        ("ffv1", "yuv420p10le"),
        ("ffv1", "bgra"),
        ("libx264", "yuv444p"),
        ("ffv1", "gray16le"),
    ],
)
def test_every_pixel_format_becomes_eight_bit_rgb(tmp_path, codec, pixels):
    """Gray, 10-bit and 16-bit frames, and frames with alpha or full chroma, become 8-bit RGB."""
    color = np.full((48, 64, 3), (200, 30, 30), np.uint8)
    frame = Video(write_frame(tmp_path / "a.mkv", color, codec, pixels)).frames(None)[0]
    expected = (81, 81, 81) if pixels.startswith("gray") else (200, 30, 30)
    np.testing.assert_allclose(frame[10, 10], expected, atol=6)


@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
def test_a_frame_of_the_wanted_size_is_not_resized(tmp_path, resize):
    """A frame of the requested size is returned as decoded, under every resize rule."""
    path = write_video(tmp_path / "a.mkv", 3)
    with av.open(str(path)) as container:
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    np.testing.assert_array_equal(Video(path).frames(Preprocessing(48, 64, resize=resize)), decoded)
    np.testing.assert_array_equal(Video(path).frames(None), decoded)


def test_a_frame_is_resized_after_it_is_turned(tmp_path):
    """A frame is turned upright before it is resized."""
    path = write_frame(tmp_path / "a.mp4", scene(64, 48), "mpeg4", "yuv420p")
    upright = Video(with_display_matrix(path, 0, 1, -1, 0)).frames(None)[0]
    resized = Image.fromarray(upright).resize((20, 30), Image.Resampling.BILINEAR, reducing_gap=3.0)
    np.testing.assert_array_equal(
        Video(path).frames(Preprocessing(30, 20, interpolation="bilinear"))[0], resized
    )
