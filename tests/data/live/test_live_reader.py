"""The thread that reads a live source: its end, its errors and new connections."""

import time
import tracemalloc

import numpy as np
import pytest

import lrcn_seq
from lrcn_seq.data.live.live_buffer import LiveBuffer
from lrcn_seq.data.live.live_reader import LiveReader
from lrcn_seq.data.live.live_source import live_source
from lrcn_seq.data.media import MediaReader
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing
from tests.live_streams import fifo, http_server, raw_frames, stream_bytes

SIZE = Preprocessing(16, 20)
END = float("inf")
"""The time of an answer that waits for the end of the source."""


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """Connect to the loopback server without a proxy."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def read(text: str, seconds: float, raw: str | None = None):
    """Return the last window of a source that ends."""
    buffer = LiveBuffer(text, [SIZE], seconds)
    with LiveReader(live_source(text, raw), buffer):
        window = buffer.take(END)
        assert buffer.take(END) is None
    return window


def test_the_last_window_of_a_pipe_has_its_newest_frames(tmp_path):
    """The last window has the resized frames that a reader of an array with them gives."""
    frames = raw_frames(10)
    with fifo(tmp_path, [frames.tobytes()]) as path:
        window = read(path, 2.0, "32x24@2")
    reader = MediaReader("clips", SIZE)
    np.testing.assert_array_equal(reader.frames(window.media), reader.frames(frames[-4:]))
    assert (window.start, window.end, window.received, window.dropped) == (3, 4.5, 10, 6)


def test_a_window_longer_than_the_stream_equals_the_file(tmp_path):
    """A window that covers the whole stream has the frames and times of the file."""
    content = stream_bytes(tmp_path)
    with fifo(tmp_path, [content]) as path:
        window = read(path, 100.0)
    reader, file = MediaReader("clips", SIZE), tmp_path / "stream.ts"
    np.testing.assert_array_equal(reader.frames(window.media), reader.frames(file))
    np.testing.assert_allclose(window.media.times(), lrcn_seq.frame_times(file), atol=1e-6)


def test_a_dropped_connection_is_opened_again(tmp_path, capsys):
    """After the server closes the connection, frames of the next one follow, with later times."""
    content = stream_bytes(tmp_path)
    with http_server([content, content, content]) as address:
        buffer = LiveBuffer(address, [SIZE], 100.0)
        ends = []
        with LiveReader(live_source(address), buffer, first_delay=0.01):
            while buffer.received < 50 and (window := buffer.take(0)) is not None:
                ends.append(window.end)
                kept = [frame.time for frame in window.media.kept]
                assert kept == sorted(kept)
                assert len(kept) <= 20  # no window spans an interruption
    assert ends == sorted(ends)
    assert "Connecting again in 0.01 s." in capsys.readouterr().err


def test_an_error_of_a_later_connection_is_noted(tmp_path, capsys):
    """A later connection that fails is tried again, after twice the delay."""
    with http_server([stream_bytes(tmp_path)]) as address:
        buffer = LiveBuffer(address, [SIZE], 100.0)
        with LiveReader(live_source(address), buffer, first_delay=0.01):
            buffer.take(0)
            deadline, notes = time.monotonic() + 30, ""
            while "0.04 s" not in notes and time.monotonic() < deadline:
                time.sleep(0.01)
                notes += capsys.readouterr().err
    assert "expected an address that sends video" in notes
    assert [f"again in {delay} s" in notes for delay in ("0.01", "0.02", "0.04")] == [True] * 3


def test_an_error_of_the_first_connection_ends_the_source():
    """An address that refuses the first connection is not tried again."""
    with http_server([]) as address:
        buffer = LiveBuffer(address, [SIZE], 1.0)
        with (
            LiveReader(live_source(address), buffer),
            pytest.raises(MediaError, match="expected an address that sends video"),
        ):
            buffer.take(END)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_stream(tmp_path):
    """Half an hour of raw video needs no more memory than its first minute."""
    frames = raw_frames(25, 96, 128).tobytes()
    with fifo(tmp_path, (frames for _ in range(1800))) as path:
        buffer = LiveBuffer(path, [SIZE], 4.0)
        with LiveReader(live_source(path, "128x96@25"), buffer):
            tracemalloc.start()
            peaks = []
            while (window := buffer.take(0)) is not None:
                if not peaks and window.end > 60:
                    peaks.append(tracemalloc.get_traced_memory()[1])
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert buffer.received == 45_000
    assert peaks[1] - peaks[0] < 20 * 2**20
