"""Uploaded files: media types and the names of stored files."""

import pytest
from fastapi import HTTPException

from lrcn_seq.serving.uploads import check_type, media_type, new_path


@pytest.mark.parametrize(
    ("header", "kind"),
    [("Image/PNG; charset=x", "image/png"), (" video/mp4 ", "video/mp4"), (None, ""), ("", "")],
)
def test_parameters_of_a_media_type_are_ignored(header, kind):
    """The media type is in lower case and without parameters."""
    assert media_type(header) == kind


@pytest.mark.parametrize("kind", ["image/png", "image/x-new", "", "application/octet-stream"])
def test_matching_and_unknown_types_are_accepted(kind):
    """Types that match a pattern are accepted, and so are files of unknown type."""
    check_type(kind, ["video/*", "image/*"])


@pytest.mark.parametrize("kind", ["text/html", "application/json", "audio/mp3", "xvideo/mp4"])
def test_other_types_are_refused(kind):
    """Other types give 415 with the accepted types."""
    with pytest.raises(HTTPException) as refused:
        check_type(kind, ["video/*", "image/*"])
    assert refused.value.status_code == 415
    assert f"Expected the media type video/* or image/*. Received: {kind!r}" in refused.value.detail


@pytest.mark.parametrize(
    ("suffix", "kept"),
    [(".JPG", ".jpg"), (".mjpeg", ".mjpeg"), (".exe", ""), ("./../x", ""), ("", ""), (None, "")],
)
def test_stored_names_are_random(tmp_path, suffix, kept):
    """A stored name is random, with the suffix of a known format or none."""
    first, second = new_path(tmp_path, suffix), new_path(tmp_path, suffix)
    assert first != second
    assert (first.parent, first.suffix, len(first.stem)) == (tmp_path, kept, 32)
