"""Places in MPEG-TS files at which recordings were joined, told from lost packets."""

import av
import numpy as np
import pytest

from lrcn_seq.data.media.recording_joins import JoinDetector, is_restart
from lrcn_seq.data.media.video import Video
from lrcn_seq.errors import MediaError
from tests.media_fixtures import write_video


def recording(folder, start: int, count: int = 40, codec: str = "libx264") -> bytes:
    """Return an MPEG-TS recording whose clock starts at a number of milliseconds."""
    stamps = range(start, start + 40 * count, 40)
    path = folder / "part.ts"
    return write_video(path, count, codec=codec, size=(128, 96), stamps=stamps).read_bytes()


def joins(path) -> list[int]:
    """Return the numbers of the packets at which the detector finds a join."""
    with av.open(str(path)) as container:
        detector = JoinDetector(path, container.streams.video[0], 25.0)
        packets = [packet for packet in container.demux(video=0) if packet.size]
        return [number for number, packet in enumerate(packets) if detector.is_join(packet)]


@pytest.mark.parametrize("gap", [800, 5000, 9000])
def test_times_continue_evenly_where_the_clock_steps_forward(tmp_path, gap, capfd):
    """Frame times continue evenly where recordings with different clocks were joined."""
    path = tmp_path / "a.ts"
    path.write_bytes(recording(tmp_path, 0) + recording(tmp_path, 1600 + gap))
    assert joins(path) == [40]
    np.testing.assert_allclose(Video(path).times(), np.arange(80) / 25, atol=2e-3)
    assert capfd.readouterr() == ("", "")


def test_a_recording_without_joins_has_none(tmp_path):
    """An intact recording has no join, also where a frame is shown for seconds."""
    (tmp_path / "a.ts").write_bytes(recording(tmp_path, 0, 60))
    assert joins(tmp_path / "a.ts") == []
    stamps = [*range(0, 800, 40), *range(5000, 5800, 40)]
    path = write_video(tmp_path / "b.ts", 40, codec="libx264", stamps=stamps)
    assert joins(path) == []
    assert Video(path).times()[-1] == pytest.approx(5.76, abs=2e-3)


@pytest.mark.parametrize("first", [0.2, 0.27, 0.35, 0.41])
def test_lost_packets_are_no_join(tmp_path, first):
    """The error for a recording from which a third was removed states that frames are lost."""
    whole = recording(tmp_path, 0, 200)
    start, end = int(first * len(whole)) // 188 * 188, int((first + 0.33) * len(whole)) // 188 * 188
    path = tmp_path / "a.ts"
    path.write_bytes(whole[:start] + whole[end:])
    assert joins(path) == []
    with pytest.raises(MediaError, match=r"\d\d% lost; .* or join its recordings"):
        Video(path).times()


def packet(pid: int, counter: int, *, start: bool = False, marked: bool = False) -> bytes:
    """Return a transport packet, which may start a frame or state a discontinuity."""
    head = [0x47, start << 6 | pid >> 8, pid & 255, (0x30 if marked else 0x10) | counter]
    return bytes([*head, 7, 0x80 if marked else 0]).ljust(188, b"\0")


def restarts(*packets: bytes, size: int = 188) -> bool:
    """Return the result of `is_restart` for packets of which the last one is cut."""
    return is_restart(b"".join(part.ljust(size, b"\0") for part in packets)[: 6 - size])


@pytest.mark.parametrize("size", [188, 192, 204])
def test_a_recording_restarts_its_counters(size):
    """A recording starts at a frame whose counter is 0 and does not continue the sequence."""
    before = [packet(256, 4), packet(0, 3), packet(256, 5)]
    assert restarts(*before, packet(0, 0), packet(256, 0, start=True), size=size)
    assert not restarts(*before, packet(0, 0), packet(256, 0), size=size)
    assert not restarts(*before, packet(0, 0), packet(256, 9, start=True), size=size)


def test_the_counter_of_another_stream_may_break():
    """If the counter of the video happens to continue with 0, that of another stream breaks."""
    before = [packet(256, 14), packet(0, 3), packet(256, 15)]
    assert restarts(*before, packet(0, 0), packet(256, 0, start=True))
    assert not restarts(*before, packet(0, 4), packet(256, 0, start=True))


def test_repeated_and_empty_packets_are_no_break():
    """A packet may be sent twice, and packets without content have no counter."""
    before = [packet(256, 15), packet(256, 15), packet(0x1FFF, 3), packet(0x1FFF, 9)]
    assert not restarts(*before, packet(256, 0, start=True))


def test_a_stated_discontinuity_is_a_restart():
    """A packet that states a discontinuity starts a recording, whatever its counter."""
    assert restarts(packet(256, 4), packet(256, 9, start=True, marked=True))


def test_other_content_is_no_restart():
    """Bytes that are not transport packets contain no restart."""
    for content in (b"", b"G", bytes(999), b"G" * 999):
        assert not is_restart(content)
