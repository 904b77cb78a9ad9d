"""The structure of JPEG files."""

import io

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media.jpeg_scans import (
    SCAN,
    has_all_restarts,
    is_complete,
    jpeg_scans,
    jpeg_segments,
)


def jpeg(mode: str = "RGB", **options) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


def test_segments_end_with_the_image():
    """The segments of a JPEG file cover it up to its end marker; a second image is not read."""
    content = jpeg()
    segments = list(jpeg_segments(content + content))
    assert segments[0].start == 2
    starts = [segment.start for segment in segments]
    assert starts[1:] == [segment.end for segment in segments[:-1]]
    assert [segment.marker for segment in segments].count(SCAN) == 1


def test_the_only_scan_of_a_sequential_image_contains_everything():
    """A sequential image has one scan, whose data ends at the end marker."""
    content = jpeg()
    (scan,) = jpeg_scans(content)
    assert scan.components == (1, 2, 3)
    assert (scan.band, scan.bit, scan.restarts) == ((0, 63), 0, 0)
    assert content[scan.end :] == b"\xff\xd9"
    assert scan.tail_is_visible


def test_an_image_without_its_last_scans_is_incomplete():
    """A progressive image is complete if its scans contain all bits of all coefficients."""
    scans = jpeg_scans(jpeg(progressive=True))
    assert len(scans) == 10
    assert is_complete(scans)
    assert not any(is_complete(scans[:count]) for count in range(1, 10))


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [True, False])
@pytest.mark.parametrize("options", [{"restart_marker_rows": 1}, {"restart_marker_blocks": 3}])
def test_restart_markers_are_counted(mode, progressive, options):
    """A scan contains as many restart markers as its size requires, in ascending order."""
    content = jpeg(mode, progressive=progressive, **options)
    scans = jpeg_scans(content)
    assert any(scan.restarts for scan in scans)
    assert all(has_all_restarts(content, scan) for scan in scans)
    place = content.index(b"\xff\xd0", scans[0].start)
    content = content[:place] + b"\0\0" + content[place + 2 :]
    assert not has_all_restarts(content, scans[0])


def test_zeros_are_flat_if_the_shortest_code_ends_a_block():
    """Zeros are a flat area with the Huffman tables of a flat image, but not with usual ones."""
    file = io.BytesIO()
    Image.new("L", (64, 64), 90).save(file, "JPEG", optimize=True)
    assert jpeg_scans(file.getvalue())[0].zeros_are_flat
    assert not jpeg_scans(jpeg("L"))[0].zeros_are_flat


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"\xff\xd8\xff\xda", b"text" * 9])
def test_other_files_have_no_scans(content):
    """Files that are not JPEG images, and images cut in their headers, have no scans."""
    assert jpeg_scans(content) == []
    start = jpeg_scans(jpeg())[0].start
    for end in range(2, start):
        assert len(jpeg_scans(jpeg()[:end])) <= 1
