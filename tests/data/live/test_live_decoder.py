"""Decoding of live sources: raw and encoded pipes, addresses, and damage."""

from contextlib import suppress

import numpy as np
import pytest

import lrcn_seq
from lrcn_seq.data.live import live_decoder
from lrcn_seq.data.live.decoding_load import SkipLevel
from lrcn_seq.data.live.live_decoder import decode_live
from lrcn_seq.data.live.live_source import live_source
from lrcn_seq.errors import MediaError
from tests.live_streams import fifo, http_server, raw_frames, rtsp_server, stream_bytes
from tests.media_fixtures import frame_numbers


class Drops:
    """A counter of dropped frames."""

    count = 0

    def __call__(self, count: int) -> None:
        self.count += count


def decode(text: str, raw: str | None = None, *, drop=None, limit: int = 10**6):
    """Return the times and the pixels of all frames of a source."""
    source = live_source(text, raw)
    found = list(decode_live(source, pixels_limit=limit, drop=drop or Drops()))
    return [frame.time for frame in found], [
        frame.frame.to_ndarray(format="rgb24") for frame in found
    ]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """Connect to the loopback server without a proxy."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_raw_frames_of_a_pipe_are_unchanged(tmp_path):
    """Raw frames have the pixels that were written, and the times of the given rate."""
    frames = raw_frames(6)
    with fifo(tmp_path, [frames.tobytes()]) as path:
        times, pixels = decode(path, "32x24@2")
    np.testing.assert_array_equal(np.stack(pixels), frames)
    assert times == [0, 0.5, 1, 1.5, 2, 2.5]


@pytest.mark.parametrize("name", ["stream.ts", "stream.mkv"])
def test_encoded_frames_of_a_pipe_are_those_of_the_file(tmp_path, name):
    """An encoded pipe has the frames and the times of a file with the same bytes."""
    content = stream_bytes(tmp_path, name)
    with fifo(tmp_path, [content]) as path:
        times, pixels = decode(path)
    np.testing.assert_array_equal(np.stack(pixels), lrcn_seq.read_frames(tmp_path / name))
    np.testing.assert_allclose(times, lrcn_seq.frame_times(tmp_path / name), atol=1e-6)


@pytest.mark.parametrize("serve", [lambda content: http_server([content]), rtsp_server])
def test_frames_of_an_address_are_those_of_the_file(tmp_path, serve):
    """An HTTP or RTSP address has the frames of a file with the same bytes."""
    content = stream_bytes(tmp_path)
    pixels = []
    with serve(content) as address, suppress(MediaError):  # the end is a lost connection
        for frame in decode_live(live_source(address), pixels_limit=10**6, drop=Drops()):
            pixels.append(frame.frame.to_ndarray(format="rgb24"))
    # In MPEG-TS, a frame ends where the next one begins: a lost connection may lose the last one.
    assert len(pixels) in (19, 20)
    expected = lrcn_seq.read_frames(tmp_path / "stream.ts")[: len(pixels)]
    np.testing.assert_array_equal(np.stack(pixels), expected)


def test_damage_in_the_middle_is_survived(tmp_path, capsys):
    """After zeros in the middle of a stream, decoding continues with later frames."""
    content = stream_bytes(tmp_path, count=30, options={"mpegts_flags": "resend_headers"})
    middle = len(content) // 376 * 188
    broken = content[:middle] + bytes(188 * 40) + content[middle + 188 * 40 :]
    with fifo(tmp_path, [broken]) as path:
        _, pixels = decode(path)
    numbers = frame_numbers(np.stack(pixels))
    assert numbers[0] == 0
    assert 1 < len(numbers) <= 30
    assert capsys.readouterr().out == ""


def test_an_incomplete_last_raw_frame_is_noted(tmp_path, capsys):
    """A rest of bytes that is no whole frame is dropped with a hint at the size."""
    drop = Drops()
    with fifo(tmp_path, [raw_frames(3).tobytes() + b"x" * 100]) as path:
        _, pixels = decode(path, "32x24@2", drop=drop)
    assert (len(pixels), drop.count) == (3, 1)
    assert "check the size in --raw" in capsys.readouterr().err


def test_less_than_one_raw_frame_is_an_error(tmp_path):
    """A pipe with less than a frame is refused with the size of a frame."""
    with (
        fifo(tmp_path, [b"x" * 100]) as path,
        pytest.raises(MediaError, match=r"raw frames of 2,304 bytes. Received: less than one"),
    ):
        decode(path, "32x24@2")


@pytest.mark.parametrize("content", [b"", b"hello\n" * 1000, b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n"])
def test_other_data_is_no_video(tmp_path, content):
    """An empty pipe, text and a playlist are refused."""
    with fifo(tmp_path, [content]) as path, pytest.raises(MediaError, match="expected a stream"):
        decode(path)


def test_an_address_that_refuses_is_an_error():
    """An error of the server is one sentence, without the password of the address."""
    with http_server([]) as address:
        private = address.replace("http://", "http://user:secret@")
        with pytest.raises(MediaError, match="expected an address that sends video") as raised:
            decode(private)
    assert "secret" not in str(raised.value)


def test_large_frames_are_refused(tmp_path):
    """Frames with more pixels than the limit are refused."""
    with (
        fifo(tmp_path, [stream_bytes(tmp_path)]) as path,
        pytest.raises(MediaError, match=r"at most 1,000 pixels per frame. Received: 64 × 48"),
    ):
        decode(path, limit=1000)


@pytest.mark.parametrize(
    ("name", "level"), [("raw", SkipLevel("NONREF", 2)), ("encoded", SkipLevel("NONKEY", 8))]
)
def test_skipped_frames_are_counted(tmp_path, monkeypatch, name, level):
    """Every frame that an overloaded decoder skips is counted, in raw and in encoded streams."""

    class Overload:
        def __init__(self) -> None:
            self.level = level

        def add(self, busy: float, video: float) -> None:
            """Stay at the same level."""

    monkeypatch.setattr(live_decoder, "DecodingLoad", Overload)
    drop = Drops()
    raw = "32x24@2" if name == "raw" else None
    content = raw_frames(20).tobytes() if raw else stream_bytes(tmp_path, "stream.mkv")
    with fifo(tmp_path, [content]) as path:
        _, pixels = decode(path, raw, drop=drop)
    assert len(pixels) + drop.count == 20
    assert 0 < len(pixels) <= 11
