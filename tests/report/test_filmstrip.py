"""The row of frames of a clip in the report."""

import re

import pytest
from PIL import Image

from lrcn_seq.report.filmstrip import filmstrip

FRAME = Image.new("RGB", (4, 4))


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, []), (1, [1]), (3, [1, 2, 3]), (15, [1, 3, 5, 7, 9, 11, 13, 15])],
)
def test_at_most_eight_frames_are_shown(count, shown):
    """At most eight evenly spaced frames are shown, and their descriptions count from 1."""
    html = filmstrip([FRAME] * count, "a.mp4")
    assert [int(i) for i in re.findall(rf'alt="a\.mp4, frame (\d+) of {count}"', html)] == shown


def test_frames_are_in_order():
    """The frames of a clip are shown in order."""
    frames = [Image.new("RGB", (4, 4), (25 * i, 0, 0)) for i in range(8)]
    urls = re.findall(r'src="(.*?)"', filmstrip(frames, "a"))
    assert urls == [re.search(r'src="(.*?)"', filmstrip([frame], "a"))[1] for frame in frames]
