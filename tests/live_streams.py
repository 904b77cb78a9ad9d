"""Live sources for tests: a FIFO that a thread writes, and a bounded HTTP server."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

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
