"""The thread that reads a live source into a buffer, and connects again after an error."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from lrcn_seq.data.live.live_buffer import LiveBuffer
from lrcn_seq.data.live.live_decoder import decode_live
from lrcn_seq.data.live.live_source import LiveSource
from lrcn_seq.data.media.base import PIXELS_LIMIT
from lrcn_seq.data.media.frame_pixels import frame_pixels
from lrcn_seq.errors import MediaError
from lrcn_seq.terminal import print_note

FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0
"""Seconds before the first and before a later attempt to connect again; the delay doubles."""
JOIN_SECONDS = 1.0
"""Seconds to wait for the thread at the end; it may be waiting for data."""


class LiveReader:
    """A thread that decodes a source all the time and adds its frames to a buffer.

    As a context manager, it starts the thread and stops it at the end.

    A camera or an address is opened again after an error or its end, with growing delays. Only if
    the first connection gives no frame is its error the end of the source. The times of a later
    connection continue after the interruption.

    Args:
        source: the source.
        buffer: the buffer.
        pixels_limit: a frame with more pixels is refused.
        first_delay: seconds before the first attempt to connect again.
    """

    def __init__(
        self,
        source: LiveSource,
        buffer: LiveBuffer,
        *,
        pixels_limit: int = PIXELS_LIMIT,
        first_delay: float = FIRST_DELAY,
    ):
        self.source, self.buffer = source, buffer
        self.pixels_limit, self.first_delay = pixels_limit, first_delay
        self._began: float | None = None
        self._last = 0.0
        self._stopped = threading.Event()
        # A daemon: a thread that waits for data must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def __enter__(self) -> LiveReader:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join(JOIN_SECONDS)

    def _run(self) -> None:
        try:
            self._read_connections()
        except Exception as error:  # raised where windows are taken
            self.buffer.finish(error)
        else:
            self.buffer.finish()

    def _read_connections(self) -> None:
        delay = self.first_delay
        while not self._stopped.is_set():
            received, reason = self.buffer.received, "the stream has ended."
            try:
                self._read()
            except MediaError as error:
                if not self.source.reconnects or self._began is None:
                    raise
                reason = error.reason
            if not self.source.reconnects or self._stopped.is_set():
                return
            if self.buffer.received > received:
                delay = self.first_delay
            print_note(f"{self.source.name}: {reason} Connecting again in {delay:g} s.")
            self._stopped.wait(delay)
            delay = min(2 * delay, LONGEST_DELAY)

    def _read(self) -> None:
        """Read one connection until its end."""
        buffer, offset = self.buffer, 0.0
        frames = decode_live(self.source, pixels_limit=self.pixels_limit, drop=buffer.drop)
        for number, (seconds, arrival, frame) in enumerate(frames):
            if number == 0:
                offset = self._connection_start()
                buffer.clear()
            if self._stopped.is_set():
                return
            self._last = offset + seconds
            if buffer.keeps(self._last):
                pixels = {size: frame_pixels(frame, size) for size in buffer.sizes}
                buffer.add(self._last, arrival, pixels)
            else:
                buffer.drop()

    def _connection_start(self) -> float:
        """Return the time of the first frame of a connection from the first one of the source."""
        now = time.monotonic()
        if self._began is None:
            self._began = now
            return 0.0
        return max(now - self._began, self._last)
