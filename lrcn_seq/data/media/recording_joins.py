"""Places in MPEG-TS files where recordings were joined, distinguished from lost packets."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from lrcn_seq.data.media.timestamps import JOIN_GAP
from lrcn_seq.files import open_file

if TYPE_CHECKING:
    import av

RECENT_PACKETS = 8
"""Number of video packets before a join whose transport packets are examined."""
PACKET_SIZES = (188, 192, 204)
"""Sizes of a transport packet: plain, with a timestamp (M2TS), and with error correction."""
WINDOW_BYTES = 2**20
"""Number of bytes that are examined at most."""
NULL_PID = 0x1FFF
"""The ID of transport packets without content, whose counter has no meaning."""


class JoinDetector:
    """Detector of forward steps of an MPEG-TS clock that occur where recordings were joined.

    The counters of the transport packets break both where packets were lost and where recordings
    were joined. A recording that was not cut starts with a keyframe and a counter of 0; after lost
    packets, a recording continues anywhere. A keyframe is also a join if the packets up to it
    state a discontinuity. All other breaks count as losses.

    Args:
        path: the file.
        stream: its video stream.
        rate: frames per second.
    """

    def __init__(self, path: Path, stream: av.VideoStream, rate: float):
        self._path = path
        self._gap = JOIN_GAP / (rate * float(stream.time_base or 1))
        self._last_dts: int | None = None
        self._places: deque[int] = deque(maxlen=RECENT_PACKETS)
        self._since_keyframe = 0

    def is_join(self, packet: av.Packet) -> bool:
        """Return whether the next packet of the stream is the first one of another recording."""
        dts, last = packet.dts, self._last_dts
        steps_forward = dts is not None and last is not None and dts - last > self._gap
        self._last_dts = last if dts is None else dts
        if packet.pos is not None:
            self._places.append(packet.pos)
        is_alone = self._since_keyframe < 2
        self._since_keyframe = 1 if packet.is_keyframe else self._since_keyframe + 1
        if not steps_forward or not packet.is_keyframe or is_alone or packet.pos is None:
            return False
        with open_file(self._path) as file:
            file.seek(self._places[0])
            content = file.read(min(max(packet.pos - self._places[0], 0), WINDOW_BYTES) + 6)
        return is_restart(content)


def is_restart(content: bytes) -> bool:
    """Return whether the last of successive MPEG-TS packets is the first of another recording.

    Args:
        content: transport packets, of which the last one is cut after six bytes.
    """
    size = next((size for size in PACKET_SIZES if content[size : size + 1] == b"G"), WINDOW_BYTES)
    counters: dict[int, int] = {}
    is_broken = is_marked = starts = False
    for place in range(0, len(content) - 5, size):
        _, high, low, flags, length, field = content[place : place + 6]
        pid, counter = (high & 0x1F) << 8 | low, flags & 15
        if pid == NULL_PID or not flags & 0x10:
            continue
        last = counters.get(pid, counter)
        is_broken |= counter not in (last, last + 1 & 15)
        is_marked |= bool(flags & 0x20 and length and field & 0x80)
        counters[pid], starts = counter, bool(high & 0x40) and counter == 0
    return is_marked or (is_broken and starts)
