"""Keeps what TensorFlow notes for its own developers, a page in every log, off stderr; everything else passes."""

from __future__ import annotations

import atexit
import logging
import os
import re
import sys
import threading
import warnings
from functools import cache

NOISE = re.compile(
    rb"^(?:[IWE]\d{4} |WARNING: All log messages before absl::InitializeLog|\d{4}-\d\d-\d\d .*(?:cpu_feature_guard|cuda|oneDNN|TF-TRT))|^To enable the following instructions"
)


@cache
def quiet() -> None:
    """From here on C++ code writes to a filter; Python's own stderr stays what it was, a terminal included."""
    warnings.filterwarnings("ignore", module=r"keras\..*")
    logging.getLogger("tensorflow").setLevel(
        logging.ERROR
    )  # how often it traced is no news to a user
    try:
        terminal = os.dup(2)
    except OSError:
        return  # no stderr at all: nothing to keep clean
    reading, writing = os.pipe()
    os.dup2(writing, 2)
    os.close(writing)
    sys.stderr = os.fdopen(
        terminal, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
    )
    thread = threading.Thread(target=_filter, args=(reading, terminal), daemon=True)
    thread.start()
    atexit.register(_finish, thread)


def _filter(reading: int, terminal: int) -> None:
    with os.fdopen(reading, "rb") as lines:
        for line in lines:
            if not NOISE.match(line):
                os.write(terminal, line)


def _finish(thread: threading.Thread) -> None:
    sys.stderr.flush()
    os.dup2(
        os.open(os.devnull, os.O_WRONLY), 2
    )  # closes the pipe, so that the filter comes to its end; what C++ says after Python is for nobody
    thread.join(timeout=2)
