"""Error messages and exit codes for exceptions."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from typing import NamedTuple

from lrcn_seq.cli._interrupts import signal_number
from lrcn_seq.errors import ConfigError, LrcnError, did_you_mean

BACKENDS = ("tensorflow", "jax", "torch")
DEVICE_MEMORY_ERRORS = {"ResourceExhaustedError", "OutOfMemoryError"}
"""Class names of the out-of-memory errors of TensorFlow and PyTorch."""


MEMORY_REMEDIES = {
    "train": "try a smaller batch (training.batch_size=...)",
    "caption": "give smaller images",
    "classify": "give shorter videos or smaller frames",
    "describe": "give shorter videos or smaller frames",
    "predict": "give smaller files",
    "score": "score fewer captions at once",
}
"""The advice of each verb when memory runs out."""


class Failure(NamedTuple):
    """The failure of a verb, as reported to the user.

    Attributes:
        message: the first line of the report.
        exit_code: the exit code of the process.
        details: further lines of the report.
    """

    message: str
    exit_code: int
    details: Sequence[str] = ()


def failure_of(error: BaseException, verb: str = "") -> Failure | None:
    """Return the failure to report for an exception of a verb; None for unexpected exceptions."""
    if isinstance(error, ConfigError):
        return Failure(error.heading, error.exit_code, error.details)
    if isinstance(error, LrcnError):
        return Failure(str(error), error.exit_code)
    if isinstance(error, KeyboardInterrupt):
        number = signal_number(error)
        by = "" if number == signal.SIGINT else f" by {signal.Signals(number).name}"
        advice = " To continue, repeat the command with --resume." if verb == "train" else ""
        return Failure(f"interrupted{by}; finished work is kept.{advice}", 128 + number)
    if isinstance(error, OSError):
        return Failure(f"{error.filename or 'the output'}: {error.strerror or error}.", 1)
    if _is_out_of_memory(error):
        remedy = MEMORY_REMEDIES.get(verb, "use a machine with more memory")
        return Failure(f"out of memory; {remedy}.", 1)
    return _backend_failure(error, os.environ.get("KERAS_BACKEND"))


def _is_out_of_memory(error: BaseException) -> bool:
    """Return whether an exception of any backend means that the host or a device lacks memory."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ in DEVICE_MEMORY_ERRORS
        or "RESOURCE_EXHAUSTED" in str(error)
    )


def _backend_failure(error: BaseException, backend: str | None) -> Failure | None:
    """Return a failure if `KERAS_BACKEND` is unknown or not installed, otherwise None."""
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
