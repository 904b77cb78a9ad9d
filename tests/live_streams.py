"""Live sources for tests: a FIFO that a thread writes, and a bounded HTTP server."""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, TCPServer
from typing import BinaryIO

import numpy as np

from tests.media_fixtures import write_video


def stream_bytes(folder: Path, name: str = "stream.ts", count: int = 20, **options) -> bytes:
    """Return an encoded video of `count` frames."""
    codec = "mpeg2video" if name.endswith(".ts") else "mpeg4"
    options = {"codec": codec, "rate": 25} | options
    return write_video(folder / name, count, **options).read_bytes()


def raw_frames(count: int, height: int = 24, width: int = 32) -> np.ndarray:
    """Return random frames (count, height, width, 3) uint8."""
    shape = (count, height, width, 3)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@contextmanager
def fifo(folder: Path, chunks: Iterable[bytes]) -> Iterator[str]:
    """Return the path of a FIFO into which a thread writes the chunks."""
    path = folder / "fifo"
    os.mkfifo(path)

    def write() -> None:
        with suppress(BrokenPipeError), path.open("wb", buffering=0) as file:
            for chunk in chunks:
                file.write(chunk)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    yield str(path)
    thread.join(10)


@contextmanager
def http_server(responses: Iterable[bytes]) -> Iterator[str]:
    """Return the address of a server that gives one response per connection, then refuses.

    A response is sent without its length, and the connection is closed after it.
    """
    remaining = iter(responses)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = next(remaining, None)
            if body is None:
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("Content-Type", "video/mp2t")
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/live"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def rtsp_server(content: bytes) -> Iterator[str]:
    """Return the address of a server that sends MPEG-TS in RTP over the RTSP connection, once."""

    def reply(file: BinaryIO, sequence: str, headers: str = "", body: str = "") -> None:
        headers += f"Content-Length: {len(body)}\r\n" if body else ""
        file.write(f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\n{headers}\r\n{body}".encode())

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            session, stream = "Session: 1\r\n", "m=video 0 RTP/AVP 33\r\na=control:track1\r\n"
            answers = {
                "OPTIONS": ("Public: DESCRIBE, SETUP, PLAY\r\n", ""),
                "DESCRIBE": (
                    "Content-Type: application/sdp\r\n",
                    f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nt=0 0\r\n{stream}",
                ),
                "SETUP": (f"{session}Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", ""),
                "PLAY": (session, ""),
            }
            while line := self.rfile.readline().decode():
                verb, headers = line.split()[0], {}
                while header := self.rfile.readline().decode().strip():
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                if verb not in answers:
                    return
                reply(self.wfile, headers["cseq"], *answers[verb])
                if verb == "PLAY":
                    with suppress(OSError):
                        self.send()
                    return

        def send(self) -> None:
            """Send the content in RTP packets of seven packets of MPEG-TS."""
            for number, start in enumerate(range(0, len(content), 7 * 188)):
                payload = content[start : start + 7 * 188]
                packet = struct.pack("!BBHII", 0x80, 33, number, number * 900, 1) + payload
                self.wfile.write(struct.pack("!cBH", b"$", 0, len(packet)) + packet)

    with TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"rtsp://127.0.0.1:{server.server_address[1]}/live"
        finally:
            server.shutdown()
            thread.join(10)
