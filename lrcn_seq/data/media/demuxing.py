"""Opening of video files: which formats are videos, and which stream of a file is the video."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lrcn_seq.data.media.base import FRAME_RATE
from lrcn_seq.data.media.timestamps import LONGEST_STEP, LONGEST_STEP_IN_BROADCASTS
from lrcn_seq.errors import MediaError
from lrcn_seq.files import check_file

if TYPE_CHECKING:
    import av

VIDEO_FORMATS = (
    "3dostr,4xm,amv,apng,asf,asf_o,av1,avi,avs2,avs3,cavsvideo,dhav,dirac,dnxhd,dv,evc,flic,flv,"
    "gif,gxf,h261,h263,h264,hevc,ivf,kux,live_flv,m4v,matroska,mjpeg,mov,mpeg,mpegts,mpegvideo,"
    "mpjpeg,mxf,nsv,nut,nuv,obu,ogg,pva,rm,roq,ser,smjpeg,smk,swf,ty,vc1,vc1test,vivo,vvc,wtv,"
    "yuv4mpegpipe"
)
"""FFmpeg formats of videos. Other formats draw text, list other files or accept any bytes."""
SOUND_FORMATS = (
    "aac,ac3,aiff,amr,ape,au,caf,dsf,dts,eac3,flac,mp3,mpc,mpc8,oma,tak,truehd,tta,w64,wav,wv,xwma"
)
"""FFmpeg formats of sound files; images in such files are cover art."""


STILL_CODECS = frozenset({"bmp", "gif", "jpegls", "mjpeg", "png", "tiff", "webp"})
"""FFmpeg codecs of images. Their streams are cover art if there is a stream of another codec."""
PACKETS_LIMIT = 1000
"""Number of packets that are read at most to find out which streams have several frames."""


class OpenVideo(NamedTuple):
    """An open video file.

    Attributes:
        path: the file.
        container: the container.
        stream: its video stream.
        decoder: the decoder of the stream.
        rate: frames per second, as estimated by FFmpeg.
        is_broadcast: whether the clock of the format may restart, as in MPEG-TS.
    """

    path: Path
    container: av.container.InputContainer
    stream: av.VideoStream
    decoder: av.VideoCodecContext
    rate: float
    is_broadcast: bool

    @property
    def longest_step(self) -> float:
        """The longest display time of a frame in this format, in seconds."""
        return LONGEST_STEP_IN_BROADCASTS if self.is_broadcast else LONGEST_STEP


@contextmanager
def open_video(name: str, path: Path, pixels_limit: int) -> Iterator[OpenVideo]:
    """Open a video file as a context; exceptions in its body become MediaErrors.

    Args:
        name: name of the file in messages.
        path: the file.
        pixels_limit: limit on the pixels of a frame, which bounds the memory of FFmpeg.

    Raises:
        MediaError: the file is not a regular file, not a video, or has no video stream.
    """
    import av

    # The limit is larger because FFmpeg also counts pixels that it crops later.
    limit = {"max_pixels": str(2 * pixels_limit + 2**16)}
    with media_errors(name, path):
        check_file(path)
        with _open_container(path, limit) as container:
            # Keep FFmpeg from guessing missing presentation timestamps.
            container.flags &= ~av.container.Flags.gen_pts.value
            stream = _video_stream(name, container, partial(_open_container, path, limit))
            decoder = video_decoder(stream)
            decoder.options = limit
            yield OpenVideo(
                path,
                container,
                stream,
                decoder,
                rate=float(stream.guessed_rate or stream.average_rate or FRAME_RATE),
                is_broadcast=bool(container.format.flags & av.format.Flags.ts_discont.value),
            )


def _open_container(path: Path, limit: dict[str, str]) -> av.container.InputContainer:
    import av

    options = {
        # The prefix `file:` keeps a colon in a name from being read as a protocol, and the
        # whitelist keeps a file from referring to other hosts.
        "protocol_whitelist": "file",
        "format_whitelist": f"{VIDEO_FORMATS},{SOUND_FORMATS}",
        **limit,
    }
    return av.open(f"file:{path}", metadata_errors="ignore", options=options)


def _video_stream(
    name: str,
    container: av.container.InputContainer,
    reopen: Callable[[], av.container.InputContainer],
) -> av.VideoStream:
    """Return the best video stream that is not cover art and can be decoded."""
    streams = playable_streams(name, container)
    if len(streams) > 1:
        streams = _moving_streams(streams, reopen)
    best = container.streams.best("video")
    return best if best in streams else max(streams, key=_pixel_count)


def playable_streams(name: str, container: av.container.InputContainer) -> list[av.VideoStream]:
    """Return the video streams of a container that are not cover art and can be decoded.

    Args:
        name: name of the file in messages.
        container: the open container.

    Raises:
        MediaError: there is no such stream.
    """
    from av.stream import Disposition

    if not len(container.streams):
        raise MediaError(
            name, "expected a video. Received: a container without any stream; save it again."
        )
    videos = [] if container.format.name in SOUND_FORMATS.split(",") else container.streams.video
    videos = [stream for stream in videos if not stream.disposition & Disposition.attached_pic]
    if not videos:
        raise MediaError(name, "expected a video. Received: a file without images (sound only).")
    streams = [stream for stream in videos if stream.codec_context is not None]
    if not streams:
        raise MediaError(
            name, "expected a video. Received: a codec that FFmpeg cannot decode; convert it."
        )
    return streams


def _moving_streams(
    streams: list[av.VideoStream], reopen: Callable[[], av.container.InputContainer]
) -> list[av.VideoStream]:
    """Return the streams that are not cover art; some cover art is not flagged as such.

    Streams of several frames are preferred to those of a single frame, then video codecs to image
    codecs. Many containers do not state the number of frames, so packets are counted.
    """
    with reopen() as container:
        counts = _packet_counts(container, [stream.index for stream in streams])
    moving = [stream for stream in streams if max(stream.frames, counts[stream.index]) > 1]
    streams = moving or streams
    return [stream for stream in streams if stream.codec_context.name not in STILL_CODECS] or (
        streams
    )


def _packet_counts(
    container: av.container.InputContainer, indices: list[int]
) -> collections.Counter[int]:
    """Count packets per stream until each stream has two, or `PACKETS_LIMIT` were read."""
    import av

    counts: collections.Counter[int] = collections.Counter()
    with suppress(av.FFmpegError):
        for packet in islice(container.demux(indices), PACKETS_LIMIT):
            counts[packet.stream.index] += packet.size > 0
            if all(counts[index] > 1 for index in indices):
                break
    return counts


def _pixel_count(stream: av.VideoStream) -> int:
    return stream.codec_context.width * stream.codec_context.height


def video_decoder(stream: av.VideoStream) -> av.VideoCodecContext:
    """Return a decoder that uses several threads, keeps transparency, and crops exactly."""
    import av
    from av.codec.context import Flags

    decoder, codec = stream.codec_context, stream.codec_context.name
    if _metadata(stream, "alpha_mode") == "1" and codec in ("vp8", "vp9"):
        # FFmpeg's own decoders of VP8 and VP9 drop the alpha channel.
        libvpx = {"vp8": "libvpx", "vp9": "libvpx-vp9"}[codec]
        if libvpx in av.codecs_available:
            decoder = av.VideoCodecContext.create(libvpx, "r")
            decoder.extradata = stream.codec_context.extradata
    stream.thread_type = decoder.thread_type = "AUTO"
    # Without this flag, FFmpeg shows columns that are cropped at the left, to align the memory.
    decoder.flags |= Flags.unaligned
    return decoder


def _metadata(stream: av.VideoStream, name: str) -> str | None:
    """Return a metadata field of a stream; the stream may have its name in capitals."""
    return stream.metadata.get(name) or stream.metadata.get(name.upper())


@contextmanager
def media_errors(name: str, path: Path) -> Iterator[None]:
    """Convert every exception in the body of the context to a MediaError.

    Args:
        name: name of the file in messages.
        path: the file.
    """
    try:
        yield
    except MediaError:
        raise
    except Exception as error:
        raise MediaError(name, _reason(error, path)) from error


def _reason(error: Exception, path: Path) -> str:
    """Return the message for an exception of the file system or of PyAV."""
    import av

    if isinstance(error, FileNotFoundError):
        return "expected a video; there is no such file."
    if isinstance(error, PermissionError):
        return "this video cannot be read; check its permissions."
    if isinstance(error, IsADirectoryError):
        return "expected a video. Received: a folder."
    if isinstance(error, OSError) and error.errno is None:
        return f"{error}; give a video file."
    if path.is_file() and not path.stat().st_size:
        return "expected a video; the file is empty."
    if isinstance(error, av.error.ArgumentError):
        return (
            "expected a video; the file is not one or is damaged (images, text and playlists "
            "are not videos)."
        )
    return (
        "expected a video; the file is not one or is damaged "
        f"({getattr(error, 'strerror', None) or error})."
    )
