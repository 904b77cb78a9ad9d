"""What the argument of `--live` refers to."""

import os
from fractions import Fraction

import pytest

from lrcn_seq.data.live.live_source import live_source, raw_frames
from lrcn_seq.errors import MediaError, UsageError


def test_a_fifo_is_a_pipe(tmp_path):
    """A FIFO is a pipe, which is not opened again after its end."""
    os.mkfifo(tmp_path / "fifo")
    source = live_source(str(tmp_path / "fifo"))
    assert (source.kind, source.reconnects) == ("pipe", False)


def test_a_character_device_is_a_camera():
    """A character device is a camera, which is opened again after an error."""
    source = live_source("/dev/null")
    assert (source.kind, source.reconnects, source.container_format) == ("camera", True, "v4l2")


@pytest.mark.parametrize("address", ["rtsp://h/a", "http://h/a", "https://h:8443/a"])
def test_an_address_may_use_no_local_files(address):
    """FFmpeg may use network protocols alone for an address, and no playlists."""
    source = live_source(address)
    assert (source.kind, source.reconnects) == ("address", True)
    protocols = source.options["protocol_whitelist"].split(",")
    assert address.partition(":")[0] in protocols
    assert not {"file", "pipe", "concat", "subfile", "data"} & set(protocols)
    assert not {"hls", "concat", "dash"} & set(source.options["format_whitelist"].split(","))


def test_a_redirection_of_https_stays_encrypted():
    """An https address may not be redirected to http."""
    assert "http" not in live_source("https://h/a").options["protocol_whitelist"].split(",")


def test_a_password_is_not_shown():
    """The name of an address hides its password, and the location keeps it."""
    source = live_source("rtsp://user:secret@camera/1")
    assert source.name == "rtsp://user:***@camera/1"
    assert source.location == "rtsp://user:secret@camera/1"


def test_a_file_is_refused_with_the_command_for_files(tmp_path):
    """A regular file is refused with the command that reads it."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"x")
    with pytest.raises(UsageError, match=f"use `lrcn classify RUN {path}`"):
        live_source(str(path), verb="classify")


@pytest.mark.parametrize("text", ["ftp://h/a", "file:///etc/passwd", "http://", "concat://a"])
def test_other_addresses_are_refused(text):
    """Addresses of other protocols and without a host are refused."""
    with pytest.raises(UsageError, match=r"Received: '"):
        live_source(text)


def test_a_folder_is_refused(tmp_path):
    """A folder is no live source."""
    with pytest.raises(UsageError, match="a folder"):
        live_source(str(tmp_path))


@pytest.mark.parametrize("path", ["/dev/video99", "", "a\0b"])
def test_a_missing_camera_is_an_error_of_the_input(path):
    """A path that does not exist is a MediaError, as for a file."""
    with pytest.raises(MediaError, match="cannot be opened"):
        live_source(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("640x480@25", (640, 480, Fraction(25))),
        ("64×48@29.97", (64, 48, Fraction(2997, 100))),
        ("64x48@30000/1001", (64, 48, Fraction(30000, 1001))),
    ],
)
def test_the_format_of_raw_frames_is_parsed(text, expected):
    """Raw frames have a width, a height and a rate; a frame has three bytes per pixel."""
    raw = raw_frames(text)
    assert raw == expected
    assert raw.bytes == expected[0] * expected[1] * 3


@pytest.mark.parametrize(
    "text", ["640x480", "0x480@25", "640x480@0", "640x480@1001", "20000x20000@1", "6x4@25/0", "x"]
)
def test_other_formats_of_raw_frames_are_refused(text):
    """A size of zero, above the limit of pixels or without a rate is refused."""
    with pytest.raises(UsageError, match="--raw: expected WIDTHxHEIGHT@FPS"):
        raw_frames(text)


def test_raw_frames_come_from_pipes_only():
    """An address has no raw frames."""
    with pytest.raises(UsageError, match="omit --raw"):
        live_source("http://h/a", "640x480@25")
