"""Motion as pictures: known motion, mirrored motion, the ends of a video, and every way to read frames."""

import sys
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.flow import flow_in_order, flow_picture, motion, neighbors
from lrcn_seq.data.media import frames_in_order, read_frames, read_views
from lrcn_seq.data.views import registry as views
from lrcn_seq.data.views.base import mirror
from lrcn_seq.errors import MediaError, MissingPackageError
from lrcn_seq.records import Preprocessing

needs_opencv = pytest.mark.skipif(find_spec("cv2") is None, reason="OpenCV is not installed")
SIZE = Preprocessing(96, 128)


def texture(height: int, width: int, *, low: int, high: int) -> np.ndarray:
    """Soft spots of many colors."""
    spots = np.random.default_rng(low).integers(
        low, high, (-(-height // 8), -(-width // 8), 3), np.uint8
    )
    return np.asarray(Image.fromarray(spots).resize((width, height), Image.Resampling.BICUBIC))


SQUARE = texture(40, 40, low=100, high=256)


def moving(places: list[tuple[int, int]], size: tuple[int, int] = (96, 128)) -> np.ndarray:
    """Frames (T, H, W, 3) of a textured square on textured ground, its upper left corner at these (top, left)."""
    frames = np.stack([texture(*size, low=0, high=70)] * len(places))
    for frame, (top, left) in zip(frames, places, strict=True):
        frame[top : top + 40, left : left + 40] = SQUARE
    return frames


PLACES = [(20, 30), (20, 33), (24, 33), (22, 29), (22, 29), (28, 41)]
STEPS = np.diff(PLACES, axis=0)[:, ::-1]
"""(right, down) of each frame to the next."""


class Drawn:
    """The moving square as a drawing."""

    key = "drawn"

    def draw(self) -> np.ndarray:
        return moving(PLACES)


def written(folder: Path, clip: np.ndarray) -> Path:
    """A video without loss."""
    with av.open(str(folder / "clip.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = clip.shape[2], clip.shape[1], "bgr0"
        for frame in clip:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return folder / "clip.mkv"


@needs_opencv
def test_the_motion_of_a_square_is_found():
    """In the middle of the square, in pixels; the ground beyond it stands still."""
    clip = moving(PLACES)
    for number, step in enumerate(STEPS):
        found, (top, left) = motion(clip[number], clip[number + 1]), PLACES[number]
        np.testing.assert_allclose(
            found[top + 15 : top + 25, left + 15 : left + 25].mean(axis=(0, 1)), step, atol=0.25
        )
        assert np.abs(found[:4]).max() < 0.1


def test_the_code_is_that_of_the_released_code():
    """Sixteen a pixel about 128, red to the right, green down, blue the length, cut off at both ends."""
    flow = np.array([[[0, 0], [3, 4], [-3, -4], [7.95, 0], [100, 0], [-100, 0.03]]], np.float32)
    expected = [
        [128, 128, 128],
        [176, 192, 208],
        [80, 64, 208],
        [255, 128, 255],
        [255, 128, 255],
        [0, 128, 255],
    ]
    np.testing.assert_array_equal(flow_picture(flow)[0], expected)


@needs_opencv
def test_motion_of_a_mirrored_clip_is_the_mirrored_motion():
    """To a quarter of a pixel in the square, and on the whole within what is guessed of the ground beside it; without the negation it is not so."""
    clip = moving(PLACES)
    plain, turned = (
        read_frames(frames, SIZE, numbers=np.arange(5), modality="flow")
        for frames in (clip, clip[:, :, ::-1])
    )
    difference = np.abs(mirror(plain, "flow").astype(int) - turned)
    assert difference.mean() < 3
    for (top, left), apart in zip(PLACES, difference[:, :, ::-1], strict=False):
        assert apart[top + 5 : top + 35, left + 5 : left + 35].max() <= 4
    assert np.abs(mirror(plain).astype(int) - turned)[..., 0].max() > 60


def test_mirroring_flow_turns_every_code_round():
    """v becomes 256 − v, cut off at 255; the other channels only change sides, and twice is once around."""
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
    """Frame n is the motion from n to n + 1, in the order asked for; the last repeats the one before."""
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
        [flow_picture(motion(clip[number], clip[number + 1])) for number in (3, 0, 4, 4, 3)]
    )
    np.testing.assert_array_equal(
        read_frames(media, SIZE, numbers=np.array([3, 0, 4, 5, 3]), modality="flow"), expected
    )
    np.testing.assert_array_equal(
        read_frames(media, SIZE, numbers=np.array([5]), modality="flow"), expected[3:4]
    )


@needs_opencv
def test_motion_is_measured_at_the_size_that_is_read():
    """At half the size a square moves half as many pixels."""
    clip = moving([(20, 30), (20, 36)])
    whole, half = (
        read_frames(clip, Preprocessing(*size), modality="flow") for size in ((96, 128), (48, 64))
    )
    assert whole.shape == (2, 96, 128, 3)
    np.testing.assert_allclose(whole[0, 35:45, 45:55, 0].mean(), 128 + 16 * 6, atol=4)
    np.testing.assert_allclose(half[0, 18:22, 23:27, 0].mean(), 128 + 16 * 3, atol=4)


def test_a_single_frame_stands_still(tmp_path, monkeypatch):
    """A video of one frame, a picture, an array; nothing is measured."""
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
        frames = read_frames(
            media, SIZE, numbers=None if numbers is None else np.array(numbers), modality="flow"
        )
        np.testing.assert_array_equal(frames, np.full((1, 96, 128, 3), 128))


@needs_opencv
def test_a_frame_that_is_not_there_is_missed(tmp_path):
    """With the sentence that frames have."""
    path = written(tmp_path, moving(PLACES))
    with pytest.raises(
        MediaError,
        match=r"expected a frame number 6 \(from 0\)\. Received: a video that ends before",
    ):
        read_frames(path, SIZE, numbers=np.array([0, 6]), modality="flow")


@needs_opencv
@pytest.mark.parametrize("wanted", [[0], [5], [0, 5], [1, 2, 4], [0, 1, 2, 3, 4, 5]])
def test_streaming_gives_what_reading_gives(tmp_path, wanted):
    """Frame by frame with its number."""
    path, numbers = written(tmp_path, moving(PLACES)), np.array(wanted)
    found, pictures = zip(*frames_in_order(path, numbers, SIZE, modality="flow"), strict=True)
    assert list(found) == wanted
    np.testing.assert_array_equal(
        np.stack(pictures), read_frames(path, SIZE, numbers=numbers, modality="flow")
    )
    with pytest.raises(MediaError, match=r"expected a frame number 6 \(from 0\)"):
        list(frames_in_order(path, np.array([0, 6]), SIZE, modality="flow"))


@needs_opencv
def test_streaming_is_one_frame_behind():
    """However long the video, two or three frames are held; motion is measured only where it is wanted."""
    asked = []

    def frames():
        for number in sorted(neighbors({3, 7})):
            asked.append(number)
            yield number, moving(PLACES)[number % 6]

    assert asked == []
    for number, _ in flow_in_order(frames(), {3, 7}):
        assert asked[-1] == number + 1
    assert asked == [3, 4, 6, 7, 8]
    assert list(flow_in_order([], {0})) == []


@needs_opencv
def test_views_know_that_they_look_at_motion():
    """Five of ten crops are mirrored and negated, unless the bug of the released code is asked for."""
    clip, place = moving([(28, 44), (28, 48)]), slice(40, 56)
    for negate, expected in ((True, 128 - 64), (False, 128 + 64)):
        view = views.build({"type": "ten_crop", "margin": 1.0, "negate_flow": negate})
        several = read_views(clip, SIZE, view, numbers=np.array([0]), modality="flow")
        assert len(several) == 10
        np.testing.assert_allclose(
            [several[0][0, place, 56:72, 0].mean(), several[5][0, place, 56:72, 0].mean()],
            [192, expected],
            atol=6,
        )
    np.testing.assert_array_equal(
        read_frames(clip, SIZE, view=view, modality="flow"),
        read_views(clip, SIZE, view, modality="flow")[0],
    )


@needs_opencv
@pytest.mark.parametrize("size", [(8, 8), (5, 7), (1, 1), (300, 2)])
def test_small_frames_have_motion_too(size):
    """No size is refused."""
    clip = np.random.default_rng(0).integers(0, 256, (3, *size, 3), np.uint8)
    assert read_frames(clip, Preprocessing(*size), modality="flow").shape == clip.shape


@needs_opencv
def test_the_number_of_threads_does_not_matter():
    """Features keep their values on another machine."""
    import cv2

    first, second, before = *moving([(20, 30), (23, 35)], (300, 400)), cv2.getNumThreads()
    found = []
    for threads in (1, 2, 5):
        cv2.setNumThreads(threads)
        found.append(motion(first, second))
    cv2.setNumThreads(before)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_without_opencv_it_says_what_to_install(monkeypatch):
    """One sentence with the extra."""
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(
        MissingPackageError,
        match=r"Optical flow needs the package opencv-python-headless, .* pip install -e '\.\[flow\]'",
    ):
        read_frames(moving(PLACES), SIZE, modality="flow")
