"""Arrays (T, H, W, 3) as clips of 25 frames per second."""

import numpy as np
import pytest

from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.frame_array import FrameArray
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing

SIZE = Preprocessing(16, 24)


def clip() -> np.ndarray:
    """Return five frames, where frame n has gray value n."""
    return np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((8, 8, 3), np.uint8)


def test_frames_are_resized_in_order():
    """All frames of an array, or the requested ones in the requested order, are resized."""
    frames = FrameArray(clip()).frames(SIZE)
    assert frames.shape == (5, 16, 24, 3)
    np.testing.assert_array_equal(frames[:, 3, 3, 0], range(5))
    assert FrameArray(clip()).frames(SIZE, [4, 1])[:, 0, 0, 0].tolist() == [4, 1]


def test_times_are_25_per_second():
    """Consecutive frames of an array are 40 ms apart."""
    np.testing.assert_allclose(FrameArray(clip()).times(), [0, 0.04, 0.08, 0.12, 0.16])


def test_a_clip_without_frames_is_refused():
    """An array without frames raises a MediaError when its times or frames are read."""
    empty = FrameArray(np.zeros((0, 8, 8, 3), np.uint8))
    for read in (empty.times, lambda: empty.frames(SIZE)):
        with pytest.raises(MediaError, match=r"expected at least one frame\. Received: none"):
            read()


def test_large_frames_are_refused():
    """An array whose frames have more pixels than the limit raises a MediaError."""
    with pytest.raises(MediaError, match=r"expected at most 63 pixels\. Received: 8 × 8"):
        FrameArray(clip(), pixels_limit=63).frames(SIZE)


def test_the_hash_depends_on_the_pixels():
    """Changing one value of one pixel changes the content hash of an array."""
    changed = clip()
    changed[4, 7, 7, 2] = 0
    hashes = [FrameArray(array).content_hash(ContentIndex()) for array in (clip(), clip(), changed)]
    assert hashes[0] == hashes[1] != hashes[2]
