"""Video files, decoded in sequence; only the requested frames are converted and resized."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lrcn_seq.data.media.base import (
    PIXELS_LIMIT,
    SECONDS_LIMIT,
    Media,
    NumberedFrame,
    SelectFrame,
    TimedFrame,
    check_length,
    name_of,
    print_media_note,
)
from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.damage import LOST_SHARE_LIMIT, Damage
from lrcn_seq.data.media.demuxing import OpenVideo, media_errors, open_video
from lrcn_seq.data.media.frame_pixels import frame_pixels
from lrcn_seq.data.media.recording_joins import JoinDetector
from lrcn_seq.data.media.timestamps import BestEffort, FrameClock
from lrcn_seq.data.media.truncation import Ending
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing

if TYPE_CHECKING:
    import av


class DecodedFrame(NamedTuple):
    """A decoded frame of a video and its time in seconds from the first frame."""

    time: float
    frame: av.VideoFrame


class Video(Media):
    """A video file.

    Frame times ascend from 0 even if the timestamps of the file do not; see `FrameClock`. A video
    that has lost more than a tenth of its frames to damage, or an unknown number because its file
    is cut short, raises a MediaError after its last frame; a smaller loss is noted on stderr.

    Args:
        path: the file.
        pixels_limit: a video whose frames have more pixels is refused.
        seconds_limit: a longer video is refused, unless it is streamed.
    """

    times_key = "video3"
    live = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        pixels_limit: int = PIXELS_LIMIT,
        seconds_limit: float = SECONDS_LIMIT,
    ):
        self.name, self.path = name_of(path), Path(path)
        self.pixels_limit, self.seconds_limit = pixels_limit, seconds_limit

    def content_hash(self, index: ContentIndex) -> str:
        """Return the hash of the file."""
        return index.hash_file(self.path)

    def times(self) -> np.ndarray:
        """Return the time of each frame; all frames are decoded, since headers are unreliable.

        Raises:
            MediaError: no frame can be decoded, too many are lost, or the video exceeds a limit.
        """
        times: list[float] = []
        for time, _ in self._decode():
            times.append(time)
            check_length(self.name, time, self.seconds_limit)
        return np.array(times)

    def existing_frames(
        self, numbers: AbstractSet[int] | None, preprocessing: Preprocessing | None
    ) -> Iterator[NumberedFrame]:
        """Yield the requested frames of the video; decoding stops after the last one."""
        last = None if numbers is None else max(numbers)
        with closing(self._decode()) as frames:
            for number, (time, frame) in enumerate(frames):
                check_length(self.name, time, self.seconds_limit)
                if numbers is None or number in numbers:
                    yield number, self._pixels(frame, preprocessing)
                if number == last:
                    return

    def stream_frames(
        self, select: SelectFrame, preprocessing: Preprocessing | None
    ) -> Iterator[TimedFrame]:
        """Yield each selected frame as soon as the next frame is decoded."""
        waiting: DecodedFrame | None = None
        number = -1
        with closing(self._decode()) as frames:
            for number, decoded in enumerate(frames):
                if waiting and select(number - 1, waiting.time, decoded.time):
                    yield waiting.time, self._pixels(waiting.frame, preprocessing)
                waiting = decoded
        if waiting and select(number, waiting.time, None):
            yield waiting.time, self._pixels(waiting.frame, preprocessing)

    def _decode(self) -> Generator[DecodedFrame]:
        """Yield all frames in display order with their times, skipping undecodable packets."""
        with open_video(self.name, self.path, self.pixels_limit) as video:
            self._check_size(video.stream.codec_context)
            damage = Damage(video.path, video.container, video.stream, video.rate)
            stamps, clock = BestEffort(), FrameClock(video.rate, video.longest_step)
            frame = None
            for frame in decode_frames(video, damage, clock):
                self._check_size(frame)
                stamp = stamps.timestamp(frame.pts, frame.dts)
                seconds = None if stamp is None else float(stamp * video.stream.time_base)
                time = clock.advance(seconds)
                damage.add_frame(time, corrupt=frame.is_corrupt)
                yield DecodedFrame(time, frame)
            if frame is None:
                raise MediaError(
                    self.name,
                    "expected a video. Received: no frame that can be decoded; "
                    "it is damaged or cut short.",
                )
            self._check_damage(damage, video.is_broadcast)

    def _pixels(self, frame: av.VideoFrame, preprocessing: Preprocessing | None) -> np.ndarray:
        with media_errors(self.name, self.path):
            return frame_pixels(frame, preprocessing)

    def _check_damage(self, damage: Damage, is_broadcast: bool) -> None:
        share, ending = damage.lost_share(), damage.ending()
        if ending == Ending.CUT:
            raise MediaError(
                self.name,
                "expected a whole video. Received: a file that is damaged or cut short and does "
                "not state how many frames it should have. Replace it, or convert the rest of it "
                "(ffmpeg -i FILE NEW.mkv).",
            )
        if share > LOST_SHARE_LIMIT:
            joined = ", or join its recordings with the concat filter of FFmpeg"
            raise MediaError(
                self.name,
                f"expected a video that has lost at most {LOST_SHARE_LIMIT:.0%} of its frames. "
                f"Received: {share:.0%} lost; the file is damaged or cut short. "
                f"Replace it{joined if is_broadcast else ''}.",
            )
        if share:
            print_media_note(self.name, f"{share:.1%} of the frames are damaged or missing.")
        if ending == Ending.UNMARKED:
            print_media_note(
                self.name, "the end marker is missing; the last frames may have been cut off."
            )

    def _check_size(self, size: av.VideoFrame | av.VideoCodecContext) -> None:
        if size.width * size.height > self.pixels_limit:
            raise MediaError(
                self.name,
                f"expected at most {self.pixels_limit:,} pixels per frame. "
                f"Received: {size.width} × {size.height}; make the video smaller or raise the "
                "limit.",
            )


def decode_frames(video: OpenVideo, damage: Damage, clock: FrameClock) -> Iterator[av.VideoFrame]:
    """Yield the frames of an open video in display order; count undecodable packets."""
    for packet in read_packets(video, damage, clock):
        try:
            yield from video.decoder.decode(packet)
        except _decoding_errors():
            damage.add_failure()


def read_packets(video: OpenVideo, damage: Damage, clock: FrameClock) -> Iterator[av.Packet | None]:
    """Yield the packets of an open video, and None at the end, which flushes the decoder.

    Empty packets stand for repeated frames. They are skipped, since a decoder flushes at them.
    """
    joins = JoinDetector(video.path, video.stream, video.rate)
    try:
        for packet in video.container.demux():
            damage.add_place(packet.pos, packet.size)
            if packet.stream.index != video.stream.index:
                continue
            damage.add_packet(corrupt=packet.is_corrupt)
            if video.container.format.name == "mpegts" and joins.is_join(packet):
                clock.expect_join()
            if packet.size:
                yield packet
    except _decoding_errors():
        damage.add_suspicion()
    yield None


def _decoding_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions of PyAV that indicate a damaged file, not a lack of resources."""
    from av import error

    # Some demuxers of FFmpeg return -1, which is EPERM, at the end of a file or at damage.
    return (
        error.InvalidDataError,
        error.ArgumentError,
        error.PatchWelcomeError,
        error.PermissionError,
    )
