"""Memory and latency of live classification, over video that is sent faster than real time.

    python tools/benchmarks/live.py runs/demo-activity --minutes 60

The script pipes generated raw video to `lrcn classify RUN --live -` at `--speed` times its rate,
and prints the resident memory of the command after the first minute of video and at the end, and
the latency of its answers, beginning with the third one (the network is compiled for the others).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

import numpy as np

WIDTH, HEIGHT, RATE = 160, 120, 25
WARM_UP_ANSWERS = 2


def main() -> None:
    """Send the video, read the answers, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="a run of the task activity")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--speed", type=float, default=20, help="times real time")
    parser.add_argument("--every", type=float, default=1.0)
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "lrcn_seq", "classify", arguments.run, "--live", "-", "--json"]
    command += ["--raw", f"{WIDTH}x{HEIGHT}@{RATE}", "--every", str(arguments.every)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        count = int(arguments.minutes * 60 * RATE)
        sender = threading.Thread(target=send, args=(process.stdin, count, arguments.speed))
        sender.start()
        began = time.monotonic()
        rows, memory = [], []
        for line in process.stdout:
            rows.append(json.loads(line))
            memory.append(resident_megabytes(process.pid))
        seconds = time.monotonic() - began
        sender.join()
    report(rows, memory, seconds)


def send(pipe: IO[bytes], count: int, speed: float) -> None:
    """Write frames of moving noise to a pipe at a multiple of their rate, then close it."""
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, 2 * WIDTH, 3), dtype=np.uint8)
    views = [noise[:, shift : shift + WIDTH].tobytes() for shift in range(WIDTH)]
    began = time.monotonic()
    with pipe:
        for number in range(count):
            pipe.write(views[number % WIDTH])
            time.sleep(max(began + number / RATE / speed - time.monotonic(), 0))


def resident_megabytes(process: int) -> float:
    """Return the resident memory of a process in MB (Linux); NaN if it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return float("nan")
    lines = dict(line.split(":", 1) for line in status.splitlines())
    return int(lines["VmRSS"].split()[0]) / 1000 if "VmRSS" in lines else float("nan")


def report(rows: list[dict], memory: list[float], seconds: float) -> None:
    """Print the counts, the memory and the latency."""
    known = [
        megabytes
        for row, megabytes in zip(rows, memory, strict=True)
        if row["end"] > 60 and megabytes == megabytes  # noqa: PLR0124 - not NaN
    ]
    latencies = [row["latency"] for row in rows[WARM_UP_ANSWERS:]]
    last = rows[-1]
    print(f"{last['end'] / 60:.1f} minutes of video in {seconds / 60:.1f} minutes")
    print(f"{len(rows)} answers, {last['frames']:,} frames, {last['dropped']:,} dropped")
    if known:
        print(
            f"memory: {known[0]:.0f} MB after a minute of video, {known[-1]:.0f} MB at the end, "
            f"{max(known):.0f} MB at most"
        )
    if latencies:
        print(
            f"latency: median {statistics.median(latencies):.3f} s, largest {max(latencies):.3f} s"
        )


if __name__ == "__main__":
    main()
