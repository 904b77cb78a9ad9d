"""Frames and times of whole clips, as the package returns them."""

import av
import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media.whole_clip import frame_times, read_frames
from lrcn_seq.errors import MediaError
from tests.media_fixtures import frame_numbers, scene, write_video


def test_a_video_is_returned_whole_at_its_own_size(tmp_path):
    """`read_frames` returns frames at the size of the video; frame times start at 0."""
    path = write_video(tmp_path / "a.avi", 12)
    frames = read_frames(path)
    assert (frames.shape, frames.dtype) == ((12, 48, 64, 3), np.uint8)
    assert frame_numbers(frames) == list(range(12))
    np.testing.assert_allclose(frame_times(str(path)), np.arange(12) / 25)


def test_an_image_has_one_frame(tmp_path):
    """An image as a path, a PIL image or an array is read as one frame at time 0."""
    Image.fromarray(scene()).save(tmp_path / "a.png")
    for source in (tmp_path / "a.png", Image.fromarray(scene()), scene()):
        np.testing.assert_array_equal(read_frames(source), scene()[None])
        assert frame_times(source).tolist() == [0.0]


def test_a_folder_and_an_array_are_clips(tmp_path):
    """A folder of images and an array of frames are clips of 25 frames per second."""
    for number in range(3):
        Image.new("RGB", (8 + number, 6), (number, 0, 0)).save(tmp_path / f"{number}.png")
    frames = read_frames(tmp_path)
    assert frames.shape == (3, 6, 8, 3)  # The first frame determines the size.
    assert frames[:, 0, 0, 0].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(read_frames(frames), frames)
    np.testing.assert_allclose(frame_times(tmp_path), [0, 0.04, 0.08])


def test_a_video_that_changes_its_size_has_that_of_its_first_frame(tmp_path):
    """If the frame size of a video changes, later frames are resized to that of the first frame."""
    sizes = ((64, 48), (96, 64))
    streams = [
        write_video(tmp_path / f"{n}.ts", 5, size=size, codec="libx264").read_bytes()
        for n, size in enumerate(sizes)
    ]
    (tmp_path / "a.ts").write_bytes(b"".join(streams))
    with av.open(str(tmp_path / "a.ts")) as container:
        assert {(f.width, f.height) for f in container.decode(video=0)} == set(sizes)
    assert read_frames(tmp_path / "a.ts").shape == (10, 48, 64, 3)


def test_what_is_no_clip_is_a_media_error(tmp_path):
    """A missing file, a text file and an object of an unsupported type raise MediaError."""
    (tmp_path / "a.txt").write_text("Text.")
    for source in (tmp_path / "absent.mp4", tmp_path / "a.txt", 3):
        for read in (read_frames, frame_times):
            with pytest.raises(MediaError):
                read(source)
