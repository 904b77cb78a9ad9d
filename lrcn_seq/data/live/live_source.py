"""The sources of live video: what the argument of `--live` refers to."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Mapping
from fractions import Fraction
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from lrcn_seq.data.media.base import PIXELS_LIMIT
from lrcn_seq.data.media.demuxing import VIDEO_FORMATS
from lrcn_seq.errors import MediaError, UsageError

STDIN = "-"
PROTOCOLS = {
    "http": "http,https,httpproxy,tls,tcp",
    "https": "https,httpproxy,tls,tcp",
    "rtsp": "rtsp,rtp,tcp",
}
"""The protocols that FFmpeg may use for an address; `http` includes those of a redirection."""
RATE_LIMIT = 1000
"""Largest number of raw frames per second."""
EXPECTED = "expected `-` for stdin, a FIFO, a camera such as /dev/video0, or an address rtsp://, "
EXPECTED += "http:// or https://"

SourceKind = Literal["pipe", "camera", "address"]


class RawFrames(NamedTuple):
    """The format of raw frames: their size in pixels, and frames per second."""

    width: int
    height: int
    rate: Fraction

    @property
    def bytes(self) -> int:
        """Number of bytes of a frame."""
        return self.width * self.height * 3


class LiveSource(NamedTuple):
    """A source of live video.

    Attributes:
        name: the name in messages, without a password.
        kind: what the source is.
        location: the path or the address; `-` for stdin.
        raw: the format of raw frames; None for an encoded stream.
    """

    name: str
    kind: SourceKind
    location: str
    raw: RawFrames | None = None

    @property
    def reconnects(self) -> bool:
        """Whether the source is opened again after an error or its end."""
        return self.kind != "pipe"

    @property
    def container_format(self) -> str | None:
        """The FFmpeg format, where the kind of the source determines it."""
        if self.raw is not None:
            return "rawvideo"
        return "v4l2" if self.kind == "camera" else None

    @property
    def options(self) -> Mapping[str, str]:
        """The options with which FFmpeg opens the source."""
        if self.kind == "camera":
            return {"format_whitelist": "video4linux2,v4l2", "protocol_whitelist": "none"}
        if self.raw is not None:
            return {
                "protocol_whitelist": "pipe",
                "format_whitelist": "rawvideo",
                "pixel_format": "rgb24",
                "video_size": f"{self.raw.width}x{self.raw.height}",
                "framerate": str(self.raw.rate),
            }
        if self.kind == "pipe":
            return {"protocol_whitelist": "pipe", "format_whitelist": VIDEO_FORMATS}
        scheme = urlsplit(self.location).scheme.lower()
        if scheme == "rtsp":
            # Frames over TCP arrive complete, also through a firewall.
            return {
                "protocol_whitelist": PROTOCOLS[scheme],
                "format_whitelist": "rtsp,rtp,mpegts",
                "rtsp_transport": "tcp",
            }
        return {"protocol_whitelist": PROTOCOLS[scheme], "format_whitelist": VIDEO_FORMATS}


def live_source(
    text: str, raw: str | None = None, *, verb: str = "predict", pixels_limit: int = PIXELS_LIMIT
) -> LiveSource:
    """Return the live source that an argument refers to, without opening it.

    Args:
        text: `-`, the path of a FIFO or of a camera, or an address.
        raw: the format of raw frames, such as `640x480@25`; None for an encoded stream.
        verb: the verb for files, for messages.
        pixels_limit: raw frames with more pixels are refused.

    Raises:
        MediaError: there is no such FIFO or camera.
        UsageError: the argument refers to something else, or `raw` does not fit.
    """
    scheme = urlsplit(text).scheme.lower() if "://" in text else ""
    if scheme:
        source = _address(text, scheme)
    elif text == STDIN:
        if sys.stdin is not None and sys.stdin.isatty():
            raise UsageError(
                "--live -: expected a stream on stdin. Received: a terminal; pipe a video into "
                "the command."
            )
        source = LiveSource(STDIN, "pipe", STDIN)
    else:
        source = LiveSource(text, _path_kind(text, verb), text)
    if raw is None:
        return source
    if source.kind != "pipe":
        raise UsageError(
            f"--raw: expected raw frames from stdin or a FIFO. Received: --live {source.name}; "
            "omit --raw."
        )
    return source._replace(raw=raw_frames(raw, pixels_limit))


def raw_frames(text: str, pixels_limit: int = PIXELS_LIMIT) -> RawFrames:
    """Parse the format of raw frames.

    Args:
        text: WIDTHxHEIGHT@FPS, such as `640x480@25` or `640x480@30000/1001`.
        pixels_limit: largest number of pixels of a frame.

    Raises:
        UsageError: the text has another form, or a value is out of range.
    """
    found = re.fullmatch(r"(\d{1,6})[x×](\d{1,6})@(\d{1,6}(?:\.\d{1,6}|/[1-9]\d{0,5})?)", text)
    if found:
        width, height, rate = int(found[1]), int(found[2]), Fraction(found[3])
        if 0 < width * height <= pixels_limit and 0 < rate <= RATE_LIMIT:
            return RawFrames(width, height, rate)
    raise UsageError(
        f"--raw: expected WIDTHxHEIGHT@FPS with at most {pixels_limit:,} pixels and {RATE_LIMIT:,} "
        f"frames per second, for example 640x480@25. Received: {text!r}."
    )


def _address(text: str, scheme: str) -> LiveSource:
    """Return the source of an address; its name has no password."""
    parts = urlsplit(text)
    if scheme not in PROTOCOLS or not parts.hostname:
        raise UsageError(f"--live: {EXPECTED}. Received: {_without_password(text)!r}.")
    return LiveSource(_without_password(text), "address", text)


def _without_password(address: str) -> str:
    return re.sub(r"(?<=://)([^/@]*?):[^/]*@", r"\1:***@", address)


def _path_kind(path: str, verb: str) -> SourceKind:
    """Return what a path refers to.

    Raises:
        MediaError, UsageError: it refers to nothing, or to no live source.
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - Path.stat raises ValueError alike
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MediaError(
            path, f"{EXPECTED}. Received: a path that cannot be opened ({reason})."
        ) from error
    if stat.S_ISFIFO(mode):
        return "pipe"
    if stat.S_ISCHR(mode):
        return "camera"
    if stat.S_ISREG(mode):
        raise UsageError(
            f"--live: {EXPECTED}. Received: the file {path}; use `lrcn {verb} RUN {path}`."
        )
    received = "a folder" if stat.S_ISDIR(mode) else "a socket or another device"
    raise UsageError(f"--live: {EXPECTED}. Received: {path}, {received}.")
