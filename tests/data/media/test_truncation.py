"""Truncation of video files: the size that a header states, and files that end too early."""

import struct
from io import BytesIO

import pytest
from PIL import Image

from lrcn_seq.data.media.truncation import (
    Ending,
    file_ending,
    is_cut_riff,
    ogg_packets,
    truncated_share,
)
from tests.media_fixtures import write_video

SIZED = {
    "a.mkv": ("matroska", {}),
    "a.webm": ("matroska", {"codec": "libvpx"}),
    "a.flv": ("flv", {"codec": "flv1"}),
    "a.wmv": ("asf", {"codec": "wmv2"}),
    "a.swf": ("swf", {"codec": "flv1"}),
    "a.rm": ("rm", {"codec": "rv20", "size": (176, 144)}),
}
"""The FFmpeg format and the options of `write_video` for files that state their size."""
FRAGMENTED = {"options": {"movflags": "frag_keyframe+empty_moov"}}
ENDED = {
    "a.mp4": ("mov", {"codec": "libx264", **FRAGMENTED}),
    "a.gif": ("gif", {"codec": "gif"}),
    "a.ogg": ("ogg", {"codec": "libvpx"}),
    "a.mpg": ("mpeg", {"codec": "mpeg2video"}),
    "b.mpg": ("mpeg", {"codec": "mpeg1video"}),
}
"""The FFmpeg format and the options of `write_video` for files that must not end early."""


def written(tmp_path, name: str, options: dict) -> bytes:
    """Return the bytes of a video of 60 frames."""
    return write_video(tmp_path / name, 60, **options).read_bytes()


@pytest.mark.parametrize("name", SIZED)
def test_the_share_that_was_cut_off_follows_from_the_stated_size(tmp_path, name):
    """The truncated share is that of the missing bytes, and 0 for an intact file."""
    kind, options = SIZED[name]
    content = written(tmp_path, name, options)
    assert truncated_share(BytesIO(content), {kind}) == 0
    assert truncated_share(BytesIO(content + b"more"), {kind}) == 0
    for share in (0.25, 0.5, 0.9):
        cut = content[: round(len(content) * (1 - share))]
        assert truncated_share(BytesIO(cut), {kind}) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("name", SIZED)
def test_a_file_without_a_stated_size_has_no_truncated_share(tmp_path, name):
    """The truncated share is 0 if the header is missing, damaged or of another format."""
    kind, options = SIZED[name]
    content = written(tmp_path, name, options)
    assert truncated_share(BytesIO(content[: len(content) // 2]), {"mov"}) == 0
    for other in (b"", b"\0" * 9000, b"FWS", b"PROP" * 20):
        assert truncated_share(BytesIO(other), {kind}) == 0


def test_a_broadcast_states_no_size(tmp_path):
    """The size in the header of an ASF file is ignored if the file is marked as a broadcast."""
    content = bytearray(written(tmp_path, "a.wmv", {"codec": "wmv2"}))
    flags = content.index(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")) + 88
    content[flags] |= 1
    assert truncated_share(BytesIO(content[: len(content) // 2]), {"asf"}) == 0


@pytest.mark.parametrize("name", ENDED)
def test_a_file_that_ends_in_the_middle_of_an_element_is_cut(tmp_path, name):
    """A file is whole at its full length, and cut at lengths inside its last elements."""
    kind, options = ENDED[name]
    content = written(tmp_path, name, options)
    assert file_ending(BytesIO(content), {kind}) == Ending.WHOLE
    for size in (len(content) // 2 + 5, len(content) * 3 // 4 + 5):
        assert file_ending(BytesIO(content[:size]), {kind}) == Ending.CUT


@pytest.mark.parametrize("name", ENDED)
def test_a_file_of_another_format_is_whole(tmp_path, name):
    """A cut file of a format that is not examined counts as whole, and zeros are no cut."""
    kind, options = ENDED[name]
    content = written(tmp_path, name, options)
    assert file_ending(BytesIO(content[: len(content) // 2]), {"avi"}) == Ending.WHOLE
    assert file_ending(BytesIO(bytes(9000)), {kind}) != Ending.CUT


def test_a_missing_end_marker_is_not_a_cut(tmp_path):
    """A GIF without its trailer and an Ogg file without its last page are unmarked."""
    gif = written(tmp_path, "a.gif", {"codec": "gif"})
    assert gif[-1:] == b";"
    assert file_ending(BytesIO(gif[:-1]), {"gif"}) == Ending.UNMARKED
    ogg = written(tmp_path, "a.ogg", {"codec": "libvpx"})
    assert file_ending(BytesIO(ogg[: ogg.rindex(b"OggS")]), {"ogg"}) == Ending.UNMARKED


def test_bytes_after_the_end_are_ignored(tmp_path):
    """Bytes after the end of a GIF, an MP4 or an MPEG file do not make it cut."""
    for name in ("a.gif", "a.mp4", "a.mpg"):
        kind, options = ENDED[name]
        content = written(tmp_path, name, options) + bytes(100)
        assert file_ending(BytesIO(content), {kind}) == Ending.WHOLE


def test_a_gif_with_color_tables_is_whole():
    """The color tables of a GIF and of its frames are skipped."""
    frames = [Image.new("RGB", (20, 20), (number, 200, 9)).quantize(7) for number in range(9)]
    file = BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    assert file_ending(file, {"gif"}) == Ending.WHOLE
    assert file_ending(BytesIO(file.getvalue()[:-3]), {"gif"}) == Ending.CUT


def test_the_media_data_of_an_mp4_may_extend_to_its_end(tmp_path):
    """A box of length 0 extends to the end of the file, and a box may have a length of 64 bits."""
    start = written(tmp_path, "a.mp4", ENDED["a.mp4"][1])
    for head in (struct.pack(">I4s", 0, b"mdat"), struct.pack(">I4sQ", 1, b"mdat", 20)):
        assert file_ending(BytesIO(start + head + bytes(4)), {"mov"}) == Ending.WHOLE
    cut = start + struct.pack(">I4sQ", 1, b"mdat", 2**33) + bytes(4)
    assert file_ending(BytesIO(cut), {"mov"}) == Ending.CUT


def test_a_truncated_riff_file_is_cut(tmp_path):
    """A RIFF file is cut if its last RIFF chunk is longer than the rest of the file."""
    content = written(tmp_path, "a.avi", {})
    assert not is_cut_riff(BytesIO(content))
    assert not is_cut_riff(BytesIO(content + b"junk that is no chunk"))
    assert is_cut_riff(BytesIO(content[: len(content) // 2]))
    assert is_cut_riff(BytesIO(content + content[: len(content) // 2]))


def test_the_pages_of_an_ogg_file_list_its_packets(tmp_path):
    """VP8 in Ogg has a packet per frame and two of headers; damaged ones are counted too."""
    content = bytearray(written(tmp_path, "a.ogg", ENDED["a.ogg"][1]))
    assert ogg_packets(BytesIO(content), 0) == 62
    assert ogg_packets(BytesIO(content), 1) == 0
    content[len(content) // 2] ^= 1
    assert ogg_packets(BytesIO(content), 0) == 62


def test_an_ogg_file_with_a_hole_is_cut(tmp_path):
    """An Ogg file with a hole between its pages counts as cut; trailing bytes are ignored."""
    content = written(tmp_path, "a.ogg", ENDED["a.ogg"][1])
    hole = len(content) // 2
    assert content.count(b"OggS") > 4
    holed = content[: hole - 4000] + bytes(8000) + content[hole + 4000 :]
    assert file_ending(BytesIO(holed), {"ogg"}) == Ending.CUT
    assert file_ending(BytesIO(content + bytes(99)), {"ogg"}) == Ending.WHOLE
