"""Error messages and exit codes for exceptions."""

from __future__ import annotations

import os
import signal
from typing import NamedTuple

from lrcn_seq.cli._interrupts import signal_number
from lrcn_seq.errors import LrcnError, did_you_mean

BACKENDS = ("tensorflow", "jax", "torch")
DEVICE_MEMORY_ERRORS = {"ResourceExhaustedError", "OutOfMemoryError"}
"""Class names of the out-of-memory errors of TensorFlow and PyTorch."""


class Failure(NamedTuple):
    """The message and the exit code for an exception."""

    message: str
    exit_code: int


def failure_of(error: BaseException) -> Failure | None:
    """Return the failure to report for an exception, or None if it is a bug."""
    if isinstance(error, LrcnError):
        return Failure(str(error), error.exit_code)
    if isinstance(error, KeyboardInterrupt):
        number = signal_number(error)
        by = "" if number == signal.SIGINT else f" by {signal.Signals(number).name}"
        return Failure(f"interrupted{by}; finished work is kept.", 128 + number)
    if isinstance(error, OSError):
        return Failure(f"{error.filename or 'the output'}: {error.strerror or error}.", 1)
    if _is_out_of_memory(error):
        return Failure("out of memory; try a smaller batch (training.batch_size=...).", 1)
    return _backend_failure(error, os.environ.get("KERAS_BACKEND"))


def _is_out_of_memory(error: BaseException) -> bool:
    """Return whether the host or a device ran out of memory, on any backend."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ in DEVICE_MEMORY_ERRORS
        or "RESOURCE_EXHAUSTED" in str(error)
    )


def _backend_failure(error: BaseException, backend: str | None) -> Failure | None:
    """Return the failure for a Keras backend that is unknown or not installed, or None."""
    if not backend:
        return None
    if backend not in BACKENDS:
        message = (
            f"KERAS_BACKEND: expected {', '.join(BACKENDS)}. Received: {backend!r}."
            f"{did_you_mean(backend, BACKENDS)}"
        )
        return Failure(message, 2)
    if isinstance(error, ModuleNotFoundError) and error.name == backend:
        message = (
            f"KERAS_BACKEND={backend}: expected an installed package. Received: none; "
            f"pip install {backend}."
        )
        return Failure(message, 2)
    return None
