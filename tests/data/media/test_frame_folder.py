"""Folders of frame images as clips, in the order of the numbers in the file names."""

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.frame_folder import FrameFolder
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing

SIZE = Preprocessing(24, 32)


def test_frames_are_ordered_by_the_numbers_in_their_names(tmp_path):
    """Frames of a folder are ordered by the number in the file name; other files are ignored."""
    for number in (1, 2, 10, 9):
        Image.new("RGB", (10, 10), (20 * number,) * 3).save(tmp_path / f"frame{number}.png")
    Image.new("RGB", (10, 10)).save(tmp_path / "frame².png")
    (tmp_path / "notes.txt").write_text("not a frame")
    (tmp_path / ".hidden.png").write_bytes(b"")
    folder = FrameFolder(tmp_path)
    assert [file.name for file in folder.files()] == [
        "frame1.png",
        "frame2.png",
        "frame9.png",
        "frame10.png",
        "frame².png",
    ]
    assert folder.frames(SIZE, [3, 0])[:, 0, 0, 0].tolist() == [200, 20]
    np.testing.assert_allclose(folder.times(), np.arange(5) / 25)


def test_frames_are_recognized_by_suffix_or_content(tmp_path):
    """Images are recognized by suffix or content; text, GIF and video files are not frames."""
    for name, format_ in (("1.jfif", "JPEG"), ("2", "PNG"), ("3.gif", "GIF"), ("4.mp4", "JPEG")):
        Image.new("RGB", (10, 10)).save(tmp_path / name, format_)
    (tmp_path / "5").write_text("P5 is a format, and Python a language.")
    assert [file.name for file in FrameFolder(tmp_path).files()] == ["1.jfif", "2"]


def test_a_frame_number_beyond_the_end_is_refused(tmp_path):
    """A frame number beyond the end of a folder raises a MediaError."""
    Image.new("RGB", (10, 10)).save(tmp_path / "0.png")
    with pytest.raises(MediaError, match=r"expected a frame number 1 \(from 0\)"):
        FrameFolder(tmp_path).frames(SIZE, [0, 1])


def test_a_frame_that_cannot_be_read_is_named(tmp_path):
    """The error for a damaged or too large frame names its file."""
    Image.new("RGB", (100, 100)).save(tmp_path / "0.png")
    (tmp_path / "1.png").write_bytes(b"nothing")
    with pytest.raises(MediaError, match=r"0\.png: expected at most 5,000 pixels"):
        FrameFolder(tmp_path, pixels_limit=5000).frames(SIZE, [0])
    with pytest.raises(MediaError, match=r"1\.png: expected an image"):
        FrameFolder(tmp_path).frames(SIZE, [0, 1])


def test_a_folder_without_images_is_refused(tmp_path):
    """A folder without images and a missing folder raise a MediaError."""
    (tmp_path / "notes.txt").write_text("not a frame")
    with pytest.raises(MediaError, match="expected a folder of frame images"):
        FrameFolder(tmp_path).times()
    with pytest.raises(MediaError, match="this folder cannot be read"):
        FrameFolder(tmp_path / "missing").times()


def test_the_hash_depends_on_the_names_and_contents_of_frames(tmp_path):
    """Renaming or changing a frame changes the content hash of a folder."""
    hash_of = lambda: FrameFolder(tmp_path).content_hash(ContentIndex())  # noqa: E731
    (tmp_path / "1.png").write_bytes(b"a")
    before = hash_of()
    (tmp_path / "1.png").rename(tmp_path / "2.png")
    renamed = hash_of()
    (tmp_path / "2.png").write_bytes(b"b")
    changed = hash_of()
    assert len({before, renamed, changed}) == 3
    (tmp_path / ".DS_Store").write_bytes(b"of a file manager")
    (tmp_path / "notes.txt").write_bytes(b"no frame")
    assert hash_of() == changed
