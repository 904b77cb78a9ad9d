"""Animated images as clips."""

import os

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media.animation import AnimatedImage
from lrcn_seq.data.media.image import StillImage
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing

SIZE = Preprocessing(8, 10)


def write_animation(path, durations=(200, 40, 100), **options):
    """Write an animation whose frame n has gray value 80 n, and return its path."""
    frames = [Image.new("RGB", (20, 16), (80 * n,) * 3) for n in range(len(durations))]
    if options.get("default_image"):  # shown by programs that do not support animations
        frames.insert(0, Image.new("RGB", (20, 16), "red"))
    options |= {"duration": list(durations), "lossless": True}
    frames[0].save(path, save_all=True, append_images=frames[1:], **options)
    return path


@pytest.mark.parametrize("name", ["a.webp", "a.png", "a.apng"])
def test_all_frames_are_read_with_their_times(tmp_path, name):
    """The time of each frame of an animation is the sum of the durations before it."""
    clip = AnimatedImage(write_animation(tmp_path / name))
    np.testing.assert_allclose(clip.times(), [0, 0.2, 0.24])
    frames = clip.frames(SIZE)
    assert frames.shape == (3, 8, 10, 3)
    assert frames[:, 4, 4, 0].tolist() == [0, 80, 160]
    assert clip.frames(SIZE, [2, 0])[:, 4, 4, 0].tolist() == [160, 0]


def test_the_fallback_image_of_a_png_is_no_frame(tmp_path):
    """The fallback image, which other programs show instead of the animation, is skipped."""
    clip = AnimatedImage(write_animation(tmp_path / "a.png", (100, 100), default_image=True))
    assert clip.frames(SIZE)[:, 4, 4].tolist() == [[0, 0, 0], [80, 80, 80]]
    np.testing.assert_allclose(clip.times(), [0, 0.1])


@pytest.mark.parametrize("name", ["a.webp", "a.png"])
def test_frames_without_a_duration_are_shown_for_a_tenth_of_a_second(tmp_path, name):
    """Frame durations of up to 10 ms count as 100 ms, so that frame times ascend."""
    clip = AnimatedImage(write_animation(tmp_path / name, (0, 10, 20, 50)))
    np.testing.assert_allclose(clip.times(), [0, 0.1, 0.2, 0.22])


def test_transparent_parts_are_white(tmp_path):
    """Transparent parts of each frame are white, as in still images."""
    frames = [Image.new("RGBA", (8, 8), (255, 0, 0, alpha)) for alpha in (0, 255)]
    for name in ("a.webp", "a.png"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], lossless=True)
        pixels = AnimatedImage(tmp_path / name).frames(None)
        assert pixels[0, 4, 4].tolist() == [255, 255, 255]


def test_a_still_image_has_one_frame(tmp_path, photos):
    """A still image, or a TIFF of several pages, is a clip of one frame."""
    pages = [Image.new("RGB", (8, 8)) for _ in range(3)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    assert AnimatedImage(tmp_path / "a.tif").frames(None).shape == (1, 8, 8, 3)
    still, photo = StillImage(photos[3]), AnimatedImage(photos[3])
    assert photo.times().tolist() == [0.0]
    np.testing.assert_array_equal(photo.frames(SIZE), still.frames(SIZE))


def test_decoding_stops_after_the_last_wanted_frame(tmp_path):
    """The first frame of an animation is read even if a later frame is damaged."""
    path = write_animation(tmp_path / "a.png", (100,) * 20)
    path.write_bytes(path.read_bytes()[:-100])
    assert AnimatedImage(path).frames(SIZE, [0]).shape == (1, 8, 10, 3)
    with pytest.raises(MediaError):
        AnimatedImage(path).times()


def test_size_is_limited_before_decoding(tmp_path):
    """An animation with more pixels per frame than the limit raises a MediaError."""
    path = write_animation(tmp_path / "a.webp")
    with pytest.raises(MediaError, match="expected at most 300 pixels"):
        AnimatedImage(path, pixels_limit=300).times()


def test_a_fifo_is_refused(tmp_path):
    """A FIFO named like an image raises MediaError instead of waiting for a writer."""
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(MediaError, match="FIFO"):
        AnimatedImage(tmp_path / "a.png").times()


@pytest.mark.parametrize("name", ["a.webp", "a.png"])
def test_a_long_animation_is_refused(tmp_path, name):
    """An animation whose last frame begins after the limit is refused."""
    path = write_animation(tmp_path / name, (200, 40, 100))
    assert len(AnimatedImage(path, seconds_limit=0.25).times()) == 3
    with pytest.raises(MediaError, match=r"expected at most 0\.2 seconds of video"):
        AnimatedImage(path, seconds_limit=0.2).times()
