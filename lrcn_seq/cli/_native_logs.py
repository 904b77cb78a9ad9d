"""Hide the log lines of native libraries from stderr, since they do not concern users."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import warnings
from functools import cache

from lrcn_seq.tensorflow_logs import NOISE, show_import_logs
from lrcn_seq.terminal import printable


@cache
def hide_native_logs() -> None:
    """Filter the stderr of native code; the stderr of Python bypasses the filter."""
    show_import_logs()  # the filter below covers the import
    warnings.filterwarnings("ignore", module=r"keras\..*")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # hides retracing warnings
    try:
        terminal = os.dup(2)
    except OSError:
        return  # the process has no stderr
    read_end, write_end = os.pipe()
    os.dup2(write_end, 2)
    os.close(write_end)
    sys.stderr = os.fdopen(
        terminal, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
    )
    thread = threading.Thread(target=_forward, args=(read_end, terminal), daemon=True)
    thread.start()
    atexit.register(_stop, thread)


def _forward(read_end: int, terminal: int) -> None:
    """Copy lines from a pipe to the terminal, except those that match `NOISE`."""
    with os.fdopen(read_end, "rb") as lines:
        for line in lines:
            if not NOISE.match(line):
                os.write(terminal, _printable_line(line))


def _printable_line(line: bytes) -> bytes:
    """Return a line without control characters, which file names may contain."""
    return printable(line.rstrip(b"\n").decode(errors="surrogateescape")).encode() + b"\n"


def _stop(thread: threading.Thread) -> None:
    """Discard further native output, and wait until the thread has forwarded earlier output."""
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    thread.join(timeout=2)
