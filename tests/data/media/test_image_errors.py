"""Error messages for images that cannot be read."""

import os

import pytest

from lrcn_seq.data.media.image_errors import image_errors
from lrcn_seq.errors import MediaError


@pytest.mark.parametrize(
    ("error", "reason", "transient"),
    [
        (FileNotFoundError(2, "No such file"), "there is no such file", True),
        (IsADirectoryError(21, "Is a directory"), "Received: a folder", True),
        (PermissionError(13, "Permission denied"), "cannot be read", True),
        (OSError(5, "Input/output error"), r"cannot be read \(Input/output error\)", True),
        (MemoryError(), "too little memory", True),
        (OSError("image file is truncated"), r"damaged or cut short \(image file is tr", False),
        (IndexError("pop from\nempty list"), r"damaged or cut short \(pop from\)", False),
        (RecursionError(), r"damaged or cut short \(RecursionError\)", False),
        (ValueError("embedded null byte"), "its path contains a NUL character", False),
        (ValueError("expected x. Received: y."), r"a\.png: expected x\. Received: y\.$", False),
    ],
)
def test_every_exception_becomes_a_media_error(error, reason, transient):
    """Each exception becomes a MediaError with its reason; disk and memory errors are transient."""
    with pytest.raises(MediaError, match=reason) as caught, image_errors("a.png", None):
        raise error
    assert caught.value.transient == transient


def test_media_errors_are_kept():
    """A MediaError that occurs while an image is read is raised unchanged."""
    error = MediaError("a", "b")
    with pytest.raises(MediaError) as caught, image_errors("c", None):
        raise error
    assert caught.value is error


@pytest.mark.parametrize(
    ("start", "is_one"),
    [
        (b"\0\0\0\x18ftypisom", True),
        (b"RIFF\0\0\0\0AVI LIST", True),
        (b"\x1aE\xdf\xa3\x01\0\0\0", True),
        (b"RIFF\0\0\0\0WEBPVP8 ", False),
        (b"\0\0\0\x1cftypavif", False),
        (b"hello", False),
    ],
)
def test_videos_are_named(tmp_path, start, is_one):
    """The error for a video in place of an image says that it is one."""
    from lrcn_seq.data.media.image import StillImage

    (tmp_path / "a.jpg").write_bytes(start)
    with pytest.raises(MediaError) as caught:
        StillImage(tmp_path / "a.jpg").decode()
    assert ("Received: a video" in str(caught.value)) == is_one


def test_special_files_are_named(tmp_path):
    """The error for a FIFO in place of an image calls it a FIFO, and reading does not block."""
    from lrcn_seq.data.media.image import StillImage

    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(MediaError, match=r"a\.jpg: expected a regular file\. Received: a FIFO\.$"):
        StillImage(tmp_path / "a.jpg").decode()
