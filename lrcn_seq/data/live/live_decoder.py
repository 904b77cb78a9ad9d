"""Decoding of live video, which skips frames where it falls behind."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from lrcn_seq.data.live.decoding_load import PERIOD, DecodingLoad
from lrcn_seq.data.live.live_source import STDIN, LiveSource
from lrcn_seq.data.media.base import FRAME_RATE, print_media_note
from lrcn_seq.data.media.demuxing import playable_streams, video_decoder
from lrcn_seq.data.media.timestamps import (
    LONGEST_STEP,
    LONGEST_STEP_IN_BROADCASTS,
    BestEffort,
    FrameClock,
)
from lrcn_seq.errors import MediaError

if TYPE_CHECKING:
    import av

OPEN_SECONDS, READ_SECONDS = 15.0, 10.0
"""Time limits for opening a camera or address, and for the next data from it."""
ANALYZED_MICROSECONDS = 2_000_000
"""Length of video that FFmpeg reads at most before the first frame to find the frame rate."""


FORMAT_ADVICE = (
    "send MPEG-TS or Matroska (an MP4 file cannot be read in sequence unless its index comes first)"
)

DAMAGE_NOTES = (
    "some frames are damaged and cannot be decoded.",
    "the last frame is incomplete; check the size in --raw.",
)
"""The notes about packets that cannot be decoded, of encoded streams and of raw frames."""


class ArrivedFrame(NamedTuple):
    """A decoded frame, its time in seconds from the first frame of the connection, and the arrival
    of its last byte in seconds of `time.monotonic`."""

    time: float
    arrival: float
    frame: av.VideoFrame


class LiveStream(NamedTuple):
    """The video stream of an open live source.

    Attributes:
        container: the container.
        stream: the stream.
        decoder: its decoder.
        rate: frames per second, as estimated by FFmpeg.
        longest_step: the longest display time of a frame in this format, in seconds.
    """

    container: av.container.InputContainer
    stream: av.VideoStream
    decoder: av.VideoCodecContext
    rate: float
    longest_step: float

    @property
    def time_base(self) -> Fraction:
        """The unit of timestamps, in seconds."""
        return self.stream.time_base or Fraction(1)


def decode_live(
    source: LiveSource, *, pixels_limit: int, drop: Callable[[int], None]
) -> Iterator[ArrivedFrame]:
    """Open a source and yield its frames in display order, until it ends.

    The time until the caller asks for the next frame counts as a part of decoding. If decoding
    takes longer than the video, frames are skipped; see `DecodingLoad`.

    Args:
        source: the source.
        pixels_limit: a frame with more pixels is refused.
        drop: called with the number of frames that were skipped or cannot be decoded.

    Raises:
        MediaError: while iterating, if the source cannot be opened or read.
    """
    with live_errors(source), _open(source, pixels_limit) as stream:
        _check_size(source, stream.decoder, pixels_limit)
        stamps, clock = BestEffort(), FrameClock(stream.rate, stream.longest_step)
        frame = None
        for arrival, frame in _decode(source, stream, drop):
            _check_size(source, frame, pixels_limit)
            stamp = stamps.timestamp(frame.pts, frame.dts)
            seconds = None if stamp is None else float(stamp * stream.time_base)
            yield ArrivedFrame(clock.advance(seconds), arrival, frame)
        if frame is None:
            raise MediaError(source.name, _no_frame_reason(source))


def _decode(
    source: LiveSource, stream: LiveStream, drop: Callable[[int], None]
) -> Iterator[tuple[float, av.VideoFrame]]:
    """Yield the frames of a stream with their arrival."""
    load, last_stamp = DecodingLoad(), None
    intra_only = stream.decoder.codec.intra_only
    for number, packet in enumerate(_packets(source, stream)):
        arrival = time.monotonic()
        if intra_only and packet is not None and number % load.level.stride:
            drop(1)
        else:
            frames = _frames(stream.decoder, packet)
            yield from ((arrival, frame) for frame in frames or ())
            is_skipped = not frames and load.level.frames != "DEFAULT" and packet is not None
            if frames is None or is_skipped:
                drop(1)
            if frames is None:
                print_media_note(source.name, DAMAGE_NOTES[source.raw is not None])
        stamp = None if packet is None or packet.dts is None else packet.dts * stream.time_base
        step = None if stamp is None or last_stamp is None else float(stamp - last_stamp)
        length = step if step is not None and 0 < step <= PERIOD else 1 / stream.rate
        last_stamp = stamp
        load.add(time.monotonic() - arrival, length)
        if not intra_only:
            stream.decoder.skip_frame = load.level.frames


def _frames(decoder: av.VideoCodecContext, packet: av.Packet | None) -> list[av.VideoFrame] | None:
    """Return the frames that a packet completes; None if it is damaged."""
    import av

    try:
        return decoder.decode(packet)
    except (av.error.InvalidDataError, av.error.ArgumentError, av.error.PatchWelcomeError):
        return None


def _packets(source: LiveSource, stream: LiveStream) -> Iterator[av.Packet | None]:
    """Yield the packets of a stream, and None at its end or error, which flushes the decoder.

    An incomplete last packet ends a pipe, because the program that writes it may be stopped at any
    moment.
    """
    import av

    try:
        for packet in stream.container.demux(stream.stream):
            if packet.size:
                yield packet
    except av.FFmpegError as error:
        yield None
        if source.reconnects or not isinstance(error, av.error.InvalidDataError):
            raise
    else:
        yield None


@contextmanager
def _open(source: LiveSource, pixels_limit: int) -> Iterator[LiveStream]:
    import av

    # As for files, the limit is larger because FFmpeg also counts pixels that it crops later.
    limit = {"max_pixels": str(2 * pixels_limit + 2**16)}
    options = {**source.options, **limit}
    if source.raw is None:
        options["analyzeduration"] = str(ANALYZED_MICROSECONDS)
    with (
        _location(source) as location,
        av.open(
            location,
            format=source.container_format,
            metadata_errors="ignore",
            options=options,
            timeout=(OPEN_SECONDS, READ_SECONDS) if source.reconnects else None,
        ) as container,
    ):
        # Deliver packets at once, and keep FFmpeg from guessing timestamps.
        container.flags |= av.container.Flags.no_buffer.value
        container.flags &= ~av.container.Flags.gen_pts.value
        yield _live_stream(source, container, limit)


def _live_stream(
    source: LiveSource, container: av.container.InputContainer, limit: dict[str, str]
) -> LiveStream:
    """Return the best video stream; a live source cannot be read twice to compare its streams."""
    import av

    streams = playable_streams(source.name, container)
    best = container.streams.best("video")
    stream = best if best in streams else streams[0]
    decoder = video_decoder(stream)
    decoder.options = limit
    # Threads that share a frame add no delay, unlike threads that decode several frames.
    stream.thread_type = decoder.thread_type = "SLICE"
    is_broadcast = container.format.flags & av.format.Flags.ts_discont.value
    return LiveStream(
        container,
        stream,
        decoder,
        rate=float(stream.guessed_rate or stream.average_rate or FRAME_RATE),
        longest_step=LONGEST_STEP_IN_BROADCASTS if is_broadcast else LONGEST_STEP,
    )


@contextmanager
def _location(source: LiveSource) -> Iterator[str]:
    """Yield the location for FFmpeg; a FIFO is open as a file descriptor."""
    if source.kind != "pipe":
        yield source.location
    elif source.location == STDIN:
        yield "pipe:0"
    else:
        descriptor = os.open(source.location, os.O_RDONLY)  # waits for a program that writes
        try:
            yield f"pipe:{descriptor}"
        finally:
            os.close(descriptor)


def _check_size(
    source: LiveSource, size: av.VideoFrame | av.VideoCodecContext, pixels_limit: int
) -> None:
    if size.width * size.height > pixels_limit:
        raise MediaError(
            source.name,
            f"expected at most {pixels_limit:,} pixels per frame. Received: {size.width} × "
            f"{size.height}; make the video smaller or raise the limit.",
        )


@contextmanager
def live_errors(source: LiveSource) -> Iterator[None]:
    """Convert the exceptions of PyAV and of the system in the body to MediaErrors.

    Args:
        source: the source, for the message.
    """
    import av

    try:
        yield
    except (MediaError, MemoryError):
        raise
    except av.error.ExitError as error:
        raise MediaError(
            source.name,
            f"expected video. Received: no data for {READ_SECONDS:g} seconds or longer; check the "
            "connection.",
        ) from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaError(source.name, _reason(source, error)) from error


def _no_frame_reason(source: LiveSource) -> str:
    """Return the message for a source that ended before its first frame."""
    if source.raw is not None:
        return (
            f"expected raw frames of {source.raw.bytes:,} bytes. Received: less than one frame; "
            "check --raw."
        )
    return f"expected video. Received: no frame; {FORMAT_ADVICE}."


def _reason(source: LiveSource, error: Exception) -> str:
    """Return the message for an exception, without the address, which may have a password."""
    import av

    detail = getattr(error, "strerror", None) or type(error).__name__
    if source.raw is not None:
        return f"expected raw frames. Received: {detail}; check --raw."
    if isinstance(error, (av.error.InvalidDataError, av.error.EOFError, av.error.ArgumentError)):
        return (
            f"expected a stream of video. Received: data that FFmpeg cannot decode ({detail}); "
            f"{FORMAT_ADVICE}, or raw frames with --raw."
        )
    kind = {"camera": "a camera", "address": "an address that sends video", "pipe": "a pipe"}
    return f"expected {kind[source.kind]}. Received: {detail}; check that it is there and free."
