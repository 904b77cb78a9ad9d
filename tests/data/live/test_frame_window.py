"""Windows of live video as media."""

import numpy as np
import pytest

from lrcn_seq.data.live.frame_window import FrameWindow, LiveFrame
from lrcn_seq.data.media import MediaReader
from lrcn_seq.data.media.optical_flow import OpticalFlow
from lrcn_seq.records import Preprocessing

SIZE = Preprocessing(8, 6)


@pytest.fixture
def window() -> FrameWindow:
    """Return a window of four frames; all pixels of frame n have gray value n."""
    frames = [
        LiveFrame(n + 1, 7.0 + n / 10, 0.0, {SIZE: np.full((8, 6, 3), n, np.uint8)})
        for n in range(4)
    ]
    return FrameWindow("camera", frames)


def test_times_begin_at_zero(window):
    """The times of a window count from its first frame."""
    np.testing.assert_allclose(window.times(), [0, 0.1, 0.2, 0.3])


def test_requested_frames_are_returned(window):
    """A reader of the same size gets the requested frames of a window."""
    reader = MediaReader("clips", SIZE)
    assert reader.frames(window, np.array([1, 3]))[:, 0, 0, 0].tolist() == [1, 3]
    assert reader.frame_size == SIZE


def test_optical_flow_of_a_window_is_measured(window):
    """A reader of optical flow opens the flow of a window."""
    assert isinstance(MediaReader("clips", SIZE, modality="flow").open(window), OpticalFlow)


def test_hash_depends_on_the_pixels(window):
    """Windows with other frames have other hashes."""
    reader = MediaReader("clips", SIZE)
    other = FrameWindow("camera", window.kept[1:])
    assert reader.content_hash(window) == reader.content_hash(FrameWindow("x", window.kept))
    assert reader.content_hash(window) != reader.content_hash(other)
