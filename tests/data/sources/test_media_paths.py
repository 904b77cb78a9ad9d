"""Paths of media files as tables and annotation files write them."""

import pytest

from lrcn_seq.data.sources._media_paths import (
    check_not_url,
    find_spelling,
    is_image,
    is_media,
    normalize_key,
)
from lrcn_seq.errors import DataError

NFC, NFD = "caf\u00e9.jpg", "cafe\u0301.jpg"


@pytest.mark.parametrize(
    ("written", "file"),
    [
        ("sub\\a.jpg", "sub/a.jpg"),
        ("sub/a.jpg", "sub/a.jpg"),
        ("a\\b.jpg", "a\\b.jpg"),
        (NFC, NFD),
        (NFD, NFD),
        (f"sub\\{NFD}", f"sub/{NFC}"),
        ("none\\a.jpg", "none/a.jpg"),
        ("x\0.jpg", "x\0.jpg"),
    ],
)
def test_the_spelling_that_exists_is_found(tmp_path, written, file):
    """A path is found with slashes for backslashes, and in either Unicode normalization."""
    (tmp_path / "sub").mkdir()
    for name in ("sub/a.jpg", "a\\b.jpg", NFD, f"sub/{NFC}"):
        (tmp_path / name).write_bytes(b"")
    assert find_spelling(tmp_path, written) == file


def test_keys_are_independent_of_the_spelling():
    """Paths that differ only in slashes, dots or Unicode normalization have equal keys."""
    assert {normalize_key(name) for name in ("a\\b.mp4", "./a/b.mp4", "a/c/../b.mp4")} == {
        "a/b.mp4"
    }
    assert normalize_key(NFD) == normalize_key(NFC)


@pytest.mark.parametrize("url", ["http://a.org/1.jpg", "s3://bucket/1.jpg", "file:///a/1.jpg"])
def test_urls_are_refused(url):
    """The error for a URL in place of a path names the URL and its place."""
    with pytest.raises(DataError, match=f"^t.csv, line 2: expected the path .* the URL '{url}'"):
        check_not_url(url, "t.csv, line 2")


def test_paths_are_not_urls():
    """Paths with colons, drives and double slashes are not URLs."""
    for path in ("a:b.jpg", "C:\\a.jpg", "C:/a.jpg", "C://a.jpg", "a//b.jpg", "/a/b.jpg"):
        check_not_url(path, "t.csv, line 2")


def test_media_are_known_by_their_suffix():
    """Names with an image, video or vector suffix, in upper or lower case, are media."""
    assert all(map(is_media, ("a.JPG", "a.mp4", "a.b.AVI", "a.npy", "a.gif", "a\n.webm", "a.mpeg")))
    assert not any(map(is_media, ("Thumbs.db", "desktop.ini", "a.txt", "a", ".mp4.part", "mp4")))
    assert [is_image(name) for name in ("a.png", "a.mp4")] == [True, False]
