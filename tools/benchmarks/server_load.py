"""Throughput and latency of `lrcn serve`, compared with `predict` at the same batch size.

The images are predicted by `task.predict` in this process. Then a server of the same run is started
on the loopback interface, in its own process, and this process sends it the same images:

* throughput: as many requests at once as fill two batches, without pauses;
* latency: requests at random times (a Poisson process) with a mean of 80 % of that throughput;
* overload: four times as many requests at once as the server admits.

Every phase takes the given number of seconds, and the server ends with the benchmark. The figures
are meaningful only on a machine that does nothing else. Without images, shapes are drawn.

    python tools/benchmarks/server_load.py RUN [IMAGE ...] [--seconds 20] [--batch 16]
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

QUEUE = 64
START_SECONDS = 300
"""Seconds within which the server must be ready."""


class Answer(NamedTuple):
    """The status of an answer, and the seconds from the scheduled time of its request."""

    status: int
    seconds: float


class Client:
    """Requests over connections that are kept open.

    Args:
        address: the address of the server.
        images: the images, which are sent one after the other.
    """

    def __init__(self, address: str, images: Sequence[Path]):
        self.host, port = address.removeprefix("http://").split(":")
        self.port, self.count = int(port), 0
        self.requests = [_request(path.read_bytes()) for path in images]
        self.free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, scheduled: float) -> Answer:
        """Send the next image, and return the answer."""
        content = self.requests[self.count % len(self.requests)]
        self.count += 1
        connection = self.free.pop() if self.free else await self._connect()
        reader, writer = connection
        writer.write(content)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(re.findall(rb"content-length: (\d+)", head)[0]))
        if b"connection: close" in head:
            writer.close()
        else:
            self.free.append(connection)
        return Answer(int(head.split()[1]), time.perf_counter() - scheduled)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.host, self.port)

    async def closed_loop(self, clients: int, seconds: float) -> list[Answer]:
        """Return the answers to clients that send their next request after each answer."""
        end = time.perf_counter() + seconds

        async def repeat() -> list[Answer]:
            answers = []
            while (now := time.perf_counter()) < end:
                answers.append(await self.post(now))
            return answers

        rows = await asyncio.gather(*(repeat() for _ in range(clients)))
        return [answer for row in rows for answer in row]

    async def open_loop(self, rate: float, seconds: float) -> list[Answer]:
        """Return the answers to requests at random times, whether or not others are answered."""
        generator, began, due = random.Random(0), time.perf_counter(), 0.0
        calls = []
        while (due := due + generator.expovariate(rate)) < seconds:
            await asyncio.sleep(max(0.0, began + due - time.perf_counter()))
            calls.append(asyncio.create_task(self.post(began + due)))
        return await asyncio.gather(*calls)


def _request(image: bytes) -> bytes:
    head = (
        "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
        f"Content-Length: {len(image)}\r\n\r\n"
    )
    return head.encode() + image


@contextmanager
def server(run: str, batch: int, lifetime: float) -> Iterator[tuple[str, int]]:
    """Start a server; yield its address and its process ID once it is ready."""
    command = ["-m", "lrcn_seq", "serve", run, "--port", "0", "--max-batch", str(batch)]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen([sys.executable, *command], stderr=log)
        try:
            deadline = time.monotonic() + lifetime
            while '"event": "ready"' not in (text := _text(log)):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"The server did not start:\n{text}")
                time.sleep(0.2)
            yield json.loads(text[text.index('{"time"') :].splitlines()[0])["address"], process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def _text(log: object) -> str:
    return Path(f"/proc/self/fd/{log.fileno()}").read_text()  # type: ignore[attr-defined]


def predict_rate(run: str, images: Sequence[Path], batch: int, seconds: float) -> float:
    """Return the images per second of `predict` in batches."""
    import lrcn_seq

    task = lrcn_seq.load(run)
    batches = [list(images[i : i + batch]) for i in range(0, len(images) - batch + 1, batch)]
    task.predict(batches[0])
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        task.predict(batches[count % len(batches)], batch=batch)
        count += 1
    return count * batch / (time.perf_counter() - began)


def batch_seconds(address: str) -> tuple[float, float]:
    """Return the sum of the durations of all batches so far, and their number."""
    with urllib.request.urlopen(f"{address}/metrics") as answer:
        text = answer.read().decode()
    total, count = (
        float(re.findall(rf"(?m)^lrcn_batch_seconds_{name} (\S+)", text)[0])
        for name in ("sum", "count")
    )
    return total, count


def draw_images(folder: Path, count: int) -> list[Path]:
    """Draw images with the built-in shapes, and return their paths."""
    from lrcn_seq.data.sources.shapes import Drawing

    paths = [folder / f"{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        Image.fromarray(Drawing(5, "test", number, 64).draw()[0]).save(path)
    return paths


async def measure(address: str, images: Sequence[Path], batch: int, seconds: float) -> float:
    """Print the throughput, the latency and the overload, and return the throughput."""
    client = Client(address, images)
    await client.closed_loop(2 * batch, min(seconds, 3.0))
    answers = await client.closed_loop(2 * batch, seconds)
    rate = sum(answer.status == 200 for answer in answers) / seconds
    print(f"throughput: {rate:.1f} images/s with {2 * batch} clients, {_statuses(answers)}")
    before = batch_seconds(address)
    answers = await client.open_loop(0.8 * rate, seconds)
    total, count = (new - old for new, old in zip(batch_seconds(address), before, strict=True))
    times = [answer.seconds for answer in answers if answer.status == 200]
    p50, p99 = np.percentile(times, [50, 99])
    print(
        f"80 % load: p50 {1000 * p50:.1f} ms, p99 {1000 * p99:.1f} ms, mean batch "
        f"{len(times) / count:.1f} images in {1000 * total / count:.1f} ms, {_statuses(answers)}"
    )
    full = await _full_batch(address, client, batch)
    print(f"p99 / time of a batch of {batch} ({1000 * full:.1f} ms): {p99 / full:.2f}")
    answers = await client.closed_loop(4 * (QUEUE + batch), min(seconds, 10.0))
    refused = sum(answer.status == 503 for answer in answers)
    print(f"overload: {_statuses(answers)}; refused {refused / len(answers):.0%}")
    return rate


async def _full_batch(address: str, client: Client, batch: int) -> float:
    """Return the mean seconds of batches that are full."""
    before = batch_seconds(address)
    await client.closed_loop(4 * batch, 3.0)
    total, count = (new - old for new, old in zip(batch_seconds(address), before, strict=True))
    return total / count


def _statuses(answers: Sequence[Answer]) -> str:
    counts = collections.Counter(answer.status for answer in answers)
    return "statuses " + ", ".join(f"{status}: {count}" for status, count in sorted(counts.items()))


def main() -> None:
    """Print all figures, and the share of the throughput of `predict`."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run")
    parser.add_argument("images", nargs="*", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--batch", type=int, default=16)
    options = parser.parse_args()
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        images = options.images or draw_images(Path(folder), 8 * options.batch)
        images = images * -(-options.batch // len(images))
        alone = predict_rate(options.run, images, options.batch, options.seconds)
        print(f"predict: {alone:.1f} images/s in batches of {options.batch}", flush=True)
        with server(options.run, options.batch, START_SECONDS) as (address, process):
            rate = asyncio.run(measure(address, images, options.batch, options.seconds))
            status = Path(f"/proc/{process}/status").read_text()
            peak = int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024
            print(f"memory of the server: at most {peak:.0f} MB")
    print(f"throughput / predict: {rate / alone:.1%}")


if __name__ == "__main__":
    main()
