"""Anything a sample may hold becomes frames (T, H, W, 3)."""

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media import enlarged, name_of, read_frames, read_views
from lrcn_seq.data.views import registry as views
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing

SIZE = Preprocessing(16, 24)


class Flicker:
    """A drawing of five frames."""

    key = "flicker"

    def draw(self) -> np.ndarray:
        return np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((8, 8, 3), np.uint8)


def test_a_picture_is_one_frame(photos):
    """(1, H, W, 3) of the size asked for, in its gray."""
    frames = read_frames(photos[7], SIZE)
    assert frames.shape == (1, 16, 24, 3)
    np.testing.assert_allclose(frames, 70, atol=1)


def test_a_drawing_and_an_array_may_have_many_frames():
    """Every frame is fitted, in order; a PIL image is one frame."""
    for media in (Flicker(), Flicker().draw()):
        frames = read_frames(media, SIZE)
        assert frames.shape == (5, 16, 24, 3)
        np.testing.assert_array_equal(frames[:, 3, 3, 0], range(5))
    assert read_frames(Image.new("RGB", (9, 9)), SIZE).shape == (1, 16, 24, 3)


def test_a_clip_without_frames_is_refused():
    """The sentence says that there are none."""
    with pytest.raises(MediaError, match=r"expected at least one frame. Received: none"):
        read_frames(np.zeros((0, 8, 8, 3), np.uint8), SIZE)


def test_a_view_is_given_room_and_the_same_chance_gives_the_same_view(photos):
    """Frames are read larger by the margin; equal generators give equal views; the result has the encoder's size."""
    view = views.build({"type": "crop_mirror", "margin": 1.5})
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    assert enlarged(SIZE, view)[:2] == (24, 36)
    first, again, other = (
        read_frames(noise, SIZE, view=view, random=np.random.default_rng(seed))
        for seed in (5, 5, 6)
    )
    assert first.shape == (1, 16, 24, 3)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_testing_takes_the_first_view_or_all():
    """Without a generator the first test view; `read_views` gives all."""
    view = views.build({"type": "ten_crop", "margin": 1.25})
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    several = read_views(noise, SIZE, view)
    assert len(several) == 10
    np.testing.assert_array_equal(read_frames(noise, SIZE, view=view), several[0])


def test_media_are_called_by_their_names():
    """A path, a drawing, something given."""
    assert name_of("a/b.jpg") == "a/b.jpg"
    assert name_of(Flicker()) == "drawing flicker"
    assert name_of(np.zeros(3)) == "the ndarray given"
