"""The buffer of live frames: windows, counts and limits."""

import threading

import numpy as np
import pytest

from lrcn_seq.data.live.live_buffer import LiveBuffer
from lrcn_seq.records import Preprocessing

SIZE = Preprocessing(4, 4)
PIXELS = {SIZE: np.zeros((4, 4, 3), np.uint8)}


def filled(count: int, seconds: float = 1.0) -> LiveBuffer:
    """Return a buffer with frames at a distance of 0.1 s that arrived at the times 0, 1, 2, …"""
    buffer = LiveBuffer("camera", [SIZE], seconds)
    for number in range(count):
        buffer.add(number / 10, float(number), PIXELS)
    return buffer


def test_a_window_has_the_frames_of_its_length():
    """A window of one second at 10 frames per second has the newest 10 frames."""
    window = filled(25).take(0)
    assert [frame.number for frame in window.media.kept] == list(range(16, 26))
    assert (window.start, window.end, window.arrival) == (1.5, 2.4, 24.0)


def test_frames_in_no_window_are_dropped():
    """Frames that leave the buffer before a window is taken count as dropped, others do not."""
    buffer = filled(25)
    assert (buffer.take(0).received, buffer.dropped) == (25, 15)
    buffer.add(2.5, 25.0, PIXELS)
    assert buffer.dropped == 15


def test_skipped_frames_are_received_and_dropped():
    """Frames that the decoder skips count as received and as dropped."""
    buffer = filled(5)
    buffer.drop(3)
    window = buffer.take(0)
    assert (window.received, window.dropped) == (8, 3)


def test_no_window_is_taken_without_a_new_frame():
    """After the newest window, the end of the source follows, not the same window again."""
    buffer = filled(5)
    assert buffer.take(0) is not None
    buffer.finish()
    assert buffer.take(0) is None


def test_the_last_window_is_taken_at_once():
    """After the end of a source, its last window does not wait for the time of the next answer."""
    buffer = filled(5)
    buffer.finish()
    assert buffer.take(float("inf")).end == 0.4


def test_a_failure_is_raised_after_the_last_window():
    """The error of a source is raised when the frames before it were taken."""
    buffer = filled(5)
    buffer.finish(OSError("broken"))
    assert buffer.take(0) is not None
    with pytest.raises(OSError, match="broken"):
        buffer.take(0)


def test_taking_waits_for_a_frame_of_another_thread():
    """A window is returned when another thread adds a frame."""
    buffer = filled(0)
    thread = threading.Timer(0.05, buffer.add, (0.0, 1.0, PIXELS))
    thread.start()
    assert buffer.take(0).received == 1
    thread.join()


def test_a_cleared_buffer_has_no_frames_from_before():
    """After an interruption, a window has only newer frames; the others are dropped."""
    buffer = filled(5)
    buffer.clear()
    buffer.add(9.0, 9.0, PIXELS)
    window = buffer.take(0)
    assert (window.start, window.dropped) == (9.0, 5)


def test_memory_limits_the_number_of_frames():
    """With room for 5 frames of 48 bytes in 10 s, a frame is kept every 2 seconds."""
    buffer = LiveBuffer("camera", [SIZE], 10.0, memory=5 * 48)
    assert buffer.spacing == 2.0
    kept = []
    for number in range(200):
        if buffer.keeps(number / 10):
            buffer.add(number / 10, 0.0, PIXELS)
            kept.append(number)
    assert kept == list(range(0, 200, 20))
    assert len(buffer.take(0).media.kept) == 5
