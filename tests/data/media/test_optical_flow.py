"""Optical flow: known motion, mirrored clips, the last frame, and every kind of media."""

import sys
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media import MediaReader
from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.frame_array import FrameArray
from lrcn_seq.data.media.optical_flow import (
    OpticalFlow,
    flow_frames,
    flow_image,
    motion,
    needed_frames,
)
from lrcn_seq.data.media.video import Video
from lrcn_seq.data.views import registry as views
from lrcn_seq.data.views.base import mirror
from lrcn_seq.errors import MediaError, MissingPackageError
from lrcn_seq.records import Preprocessing
from tests.media_fixtures import write_video

needs_opencv = pytest.mark.skipif(find_spec("cv2") is None, reason="OpenCV is not installed")
SIZE = Preprocessing(96, 128)


def flow_of(source, numbers=None, size: Preprocessing = SIZE) -> np.ndarray:
    """Return the flow images of a clip, given as a path, drawing or array."""
    numbers = None if numbers is None else np.array(numbers)
    return MediaReader("clips", size, modality="flow").frames(source, numbers)


def texture(height: int, width: int, *, low: int, high: int) -> np.ndarray:
    """Return an image of smooth spots in many colors."""
    spots = np.random.default_rng(low).integers(
        low, high, (-(-height // 8), -(-width // 8), 3), np.uint8
    )
    return np.asarray(Image.fromarray(spots).resize((width, height), Image.Resampling.BICUBIC))


SQUARE = texture(40, 40, low=100, high=256)


def moving(places: list[tuple[int, int]], size: tuple[int, int] = (96, 128)) -> np.ndarray:
    """Return frames (T, H, W, 3) of a textured square, one frame per position (top, left)."""
    frames = np.stack([texture(*size, low=0, high=70)] * len(places))
    for frame, (top, left) in zip(frames, places, strict=True):
        frame[top : top + 40, left : left + 40] = SQUARE
    return frames


PLACES = [(20, 30), (20, 33), (24, 33), (22, 29), (22, 29), (28, 41)]
STEPS = np.diff(PLACES, axis=0)[:, ::-1]
"""The motion (right, down) from each frame to the next."""


class Drawn:
    """A drawing of a moving square."""

    key = "drawn"

    def draw(self) -> np.ndarray:
        return moving(PLACES)


def written(folder: Path, clip: np.ndarray) -> Path:
    """Write a lossless video and return its path."""
    with av.open(str(folder / "clip.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = clip.shape[2], clip.shape[1], "bgr0"
        for frame in clip:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return folder / "clip.mkv"


@needs_opencv
def test_the_motion_of_a_square_is_measured():
    """The flow of a moving square equals its known motion in pixels."""
    clip = moving(PLACES)
    for number, step in enumerate(STEPS):
        found, (top, left) = motion(clip[number], clip[number + 1]), PLACES[number]
        np.testing.assert_allclose(
            found[top + 15 : top + 25, left + 15 : left + 25].mean(axis=(0, 1)), step, atol=0.25
        )
        assert np.abs(found[:4]).max() < 0.1


def test_motion_is_coded_as_in_the_released_code():
    """Flow images encode a pixel of motion as 16 levels around 128.

    The channels are the motion to the right, the motion down, and the length of the motion.
    """
    flow = np.array([[[0, 0], [3, 4], [-3, -4], [7.95, 0], [100, 0], [-100, 0.03]]], np.float32)
    expected = [
        [128, 128, 128],
        [176, 192, 208],
        [80, 64, 208],
        [255, 128, 255],
        [255, 128, 255],
        [0, 128, 255],
    ]
    np.testing.assert_array_equal(flow_image(flow)[0], expected)


@needs_opencv
def test_motion_of_a_mirrored_clip_is_the_mirrored_motion():
    """Mirrored flow and the flow of the mirrored clip differ by at most a quarter of a pixel."""
    clip = moving(PLACES)
    plain, turned = (flow_of(frames, np.arange(5)) for frames in (clip, clip[:, :, ::-1]))
    difference = np.abs(mirror(plain, "flow").astype(int) - turned)
    assert difference.mean() < 3
    for (top, left), apart in zip(PLACES, difference[:, :, ::-1], strict=False):
        assert apart[top + 5 : top + 35, left + 5 : left + 35].max() <= 4
    assert np.abs(mirror(plain).astype(int) - turned)[..., 0].max() > 60


def test_mirroring_flow_negates_the_horizontal_motion():
    """Mirroring a flow image negates the horizontal motion."""
    codes = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=-1)
    turned = mirror(codes, "flow")
    np.testing.assert_array_equal(
        turned[0, :, ::-1, 0].reshape(-1), np.minimum(256 - np.arange(256), 255)
    )
    np.testing.assert_array_equal(turned[..., 1:], codes[:, :, ::-1, 1:])
    np.testing.assert_array_equal(mirror(turned, "flow")[codes > 0], codes[codes > 0])


@needs_opencv
@pytest.mark.parametrize("kind", ["video", "folder", "drawing", "array"])
def test_every_kind_of_clip_gives_the_same_motion(tmp_path, kind):
    """Every kind of clip gives the same flow images; the last one repeats the one before."""
    clip = moving(PLACES)
    if kind == "folder":
        for number, frame in enumerate(clip):
            Image.fromarray(frame).save(tmp_path / f"{number}.png")
    media = {
        "video": lambda: written(tmp_path, clip),
        "folder": lambda: tmp_path,
        "drawing": Drawn,
        "array": lambda: clip,
    }[kind]()
    expected = np.stack(
        [flow_image(motion(clip[number], clip[number + 1])) for number in (3, 0, 4, 4, 3)]
    )
    np.testing.assert_array_equal(flow_of(media, [3, 0, 4, 5, 3]), expected)
    np.testing.assert_array_equal(flow_of(media, [5]), expected[3:4])


@needs_opencv
def test_motion_is_measured_after_resizing():
    """Optical flow is measured after resizing, so it scales with the frame size."""
    clip = moving([(20, 30), (20, 36)])
    whole, half = (flow_of(clip, size=Preprocessing(*size)) for size in ((96, 128), (48, 64)))
    assert whole.shape == (2, 96, 128, 3)
    np.testing.assert_allclose(whole[0, 35:45, 45:55, 0].mean(), 128 + 16 * 6, atol=4)
    np.testing.assert_allclose(half[0, 18:22, 23:27, 0].mean(), 128 + 16 * 3, atol=4)


def test_a_single_frame_has_no_motion(tmp_path, monkeypatch):
    """The flow image of a single frame shows no motion (level 128) and does not need OpenCV."""
    monkeypatch.setitem(sys.modules, "cv2", None)
    clip = moving(PLACES[:1])
    Image.fromarray(clip[0]).save(tmp_path / "a.png")
    for media, numbers in (
        (written(tmp_path, clip), [0]),
        (tmp_path / "a.png", None),
        (tmp_path / "a.png", [0]),
        (clip, None),
        (clip[0], None),
    ):
        frames = flow_of(media, numbers)
        np.testing.assert_array_equal(frames, np.full((1, 96, 128, 3), 128))


@needs_opencv
def test_a_frame_beyond_the_end_is_refused(tmp_path):
    """For a frame beyond the end, optical flow raises the error of the video."""
    path = written(tmp_path, moving(PLACES))
    with pytest.raises(
        MediaError,
        match=r"expected a frame number 6 \(from 0\)\. Received: fewer frames",
    ):
        flow_of(path, [0, 6])


@needs_opencv
@pytest.mark.parametrize("wanted", [[0], [5], [0, 5], [1, 2, 4], [0, 1, 2, 3, 4, 5]])
def test_iterating_equals_reading(tmp_path, wanted):
    """`iter_frames` of optical flow yields the same images as `frames`."""
    path, numbers = written(tmp_path, moving(PLACES)), np.array(wanted)
    numbers_of_flow, images = zip(*OpticalFlow(Video(path)).iter_frames(numbers, SIZE), strict=True)
    assert list(numbers_of_flow) == wanted
    np.testing.assert_array_equal(np.stack(images), flow_of(path, numbers))
    with pytest.raises(MediaError, match=r"expected a frame number 6 \(from 0\)"):
        list(OpticalFlow(Video(path)).iter_frames(np.array([0, 6]), SIZE))


@needs_opencv
def test_flow_is_yielded_one_frame_behind():
    """Optical flow reads only the frames it needs, at most one frame ahead."""
    asked = []

    def frames():
        for number in sorted(needed_frames({3, 7})):
            asked.append(number)
            yield number, moving(PLACES)[number % 6]

    assert asked == []
    for number, _ in flow_frames(frames(), {3, 7}):
        assert asked[-1] == number + 1
    assert asked == [3, 4, 6, 7, 8]
    assert list(flow_frames([], {0})) == []


@needs_opencv
def test_views_negate_the_motion_of_mirrored_crops():
    """Mirrored test views negate the horizontal motion of flow unless `negate_flow` is false."""
    clip, place = moving([(28, 44), (28, 48)]), slice(40, 56)
    for negate, expected in ((True, 128 - 64), (False, 128 + 64)):
        view = views.build({"type": "ten_crop", "margin": 1.0, "negate_flow": negate})
        reader = MediaReader("clips", SIZE, view=view, modality="flow")
        several = reader.views(clip, np.array([0]))
        assert len(several) == 10
        np.testing.assert_allclose(
            [several[0][0, place, 56:72, 0].mean(), several[5][0, place, 56:72, 0].mean()],
            [192, expected],
            atol=6,
        )
    np.testing.assert_array_equal(
        reader.frames(clip),
        reader.views(clip)[0],
    )


@needs_opencv
@pytest.mark.parametrize("size", [(8, 8), (5, 7), (1, 1), (300, 2)])
def test_flow_accepts_frames_of_any_size(size):
    """Optical flow accepts frames of any size, such as single pixels."""
    clip = np.random.default_rng(0).integers(0, 256, (3, *size, 3), np.uint8)
    assert flow_of(clip, size=Preprocessing(*size)).shape == clip.shape


@needs_opencv
def test_flow_is_independent_of_the_number_of_threads():
    """Optical flow does not depend on the number of OpenCV threads."""
    import cv2

    first, second, before = *moving([(20, 30), (23, 35)], (300, 400)), cv2.getNumThreads()
    found = []
    for threads in (1, 2, 5):
        cv2.setNumThreads(threads)
        found.append(motion(first, second))
    cv2.setNumThreads(before)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_missing_opencv_is_an_error_with_the_extra(monkeypatch):
    """The error for missing OpenCV names the package and the command that installs it."""
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(
        MissingPackageError,
        match=r"Optical flow needs the package opencv-python-headless, .* install -e '\.\[flow\]'",
    ):
        flow_of(moving(PLACES))


def test_flow_keeps_the_hash_and_times_of_its_clip():
    """Optical flow has the content hash and the frame times of its clip."""
    clip = FrameArray(moving(PLACES))
    flow = OpticalFlow(clip)
    assert flow.content_hash(ContentIndex()) == clip.content_hash(ContentIndex())
    np.testing.assert_array_equal(flow.times(), clip.times())


@needs_opencv
@pytest.mark.parametrize("chosen", [[0], [1, 2, 4], [3], [5], [0, 1, 2, 3, 4, 5]])
def test_a_stream_of_flow_equals_the_flow_of_the_clip(tmp_path, chosen):
    """Streaming the flow of a video gives the same flow images and times as reading it."""
    flow = OpticalFlow(Video(write_video(tmp_path / "a.avi", 6)))
    stream = list(flow.stream_frames(lambda number, *_: number in chosen, SIZE))
    np.testing.assert_allclose([time for time, _ in stream], np.array(chosen) / 25)
    np.testing.assert_array_equal([frame for _, frame in stream], flow.frames(SIZE, chosen))


@needs_opencv
def test_a_stream_of_flow_asks_for_each_frame_with_the_next_time(tmp_path):
    """Streaming flow calls `select` with the times of each frame and the next; None at the end."""
    calls = {}
    flow = OpticalFlow(Video(write_video(tmp_path / "a.avi", 3)))
    list(flow.stream_frames(lambda number, *times: calls.update({number: times}), SIZE))
    assert calls == {0: (0.0, 0.04), 1: (0.04, 0.08), 2: (0.08, None)}
