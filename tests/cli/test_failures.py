"""The conversion of exceptions to a message and an exit code."""

import errno
import os
import subprocess
import sys

import pytest

from lrcn_seq.cli._failures import failure_of
from lrcn_seq.errors import ConfigError, DataError, Problem, UsageError


@pytest.fixture(autouse=True)
def backend(monkeypatch):
    """Select TensorFlow as backend, and return a function that selects another backend."""

    def select(name: str) -> None:
        monkeypatch.setenv("KERAS_BACKEND", name)

    select("tensorflow")
    return select


@pytest.mark.parametrize(("error", "code"), [(DataError("No rows."), 1), (UsageError("No."), 2)])
def test_errors_of_the_library_have_their_own_exit_code(error, code):
    """A failure has the message and the exit code of the library's error."""
    assert failure_of(error) == (str(error), code, ())


def test_interrupt_has_the_exit_code_of_shells():
    """The exit code of an interrupt is 128 + SIGINT."""
    assert failure_of(KeyboardInterrupt()) == ("interrupted; finished work is kept.", 130, ())
    assert "with --resume" in failure_of(KeyboardInterrupt(), "train").message


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/disk/file", "/disk/file: No space left on device."),
        (None, "the output: No space left on device."),
    ],
)
def test_operating_system_error_names_the_file(path, message):
    """The message for an operating system error names the file, or "the output" without a file."""
    error = OSError(errno.ENOSPC, "No space left on device", path)
    assert failure_of(error) == (message, 1, ())


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 17179869184 bytes."),
        type("ResourceExhaustedError", (Exception,), {})("failed to allocate memory"),
        type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory"),
    ],
    ids=["Python", "JAX", "TensorFlow", "PyTorch"],
)
def test_full_memory_in_training_suggests_a_smaller_batch(error):
    """An out-of-memory error of Python or of any backend suggests a smaller batch."""
    message = "out of memory; try a smaller batch (training.batch_size=...)."
    assert failure_of(error, "train") == (message, 1, ())


@pytest.mark.parametrize(
    ("verb", "remedy"),
    [("score", "score fewer captions at once."), ("check", "use a machine with more memory.")],
)
def test_full_memory_without_a_batch_suggests_another_remedy(verb, remedy):
    """For a command without batches, the out-of-memory error does not advise smaller batches."""
    assert failure_of(MemoryError(), verb).message == f"out of memory; {remedy}"


def test_a_config_error_has_a_line_per_problem():
    """Each problem of a config is a further line of the failure."""
    error = ConfigError([Problem("a", "b."), Problem("c", "d.")], "x.yaml")
    assert failure_of(error) == ("x.yaml: 2 problems", 2, ["a: b.", "c: d."])


def test_unknown_backend_is_named(backend):
    """The message for an unknown backend lists all backends and suggests the closest name."""
    backend("TensorFlow")
    assert failure_of(ImportError()) == (
        "KERAS_BACKEND: expected tensorflow, jax, torch. Received: 'TensorFlow'. "
        "Did you mean 'tensorflow'?",
        2,
        (),
    )


def test_backend_that_is_not_installed_is_named(backend):
    """The message for a missing backend has the command that installs it."""
    backend("jax")
    assert failure_of(ModuleNotFoundError(name="jax")) == (
        "KERAS_BACKEND=jax: expected an installed package. Received: none; pip install jax.",
        2,
        (),
    )


@pytest.mark.parametrize(
    "error", [ZeroDivisionError(), ModuleNotFoundError(name="numpy"), SystemError()]
)
def test_unexpected_error_is_not_a_failure(backend, error):
    """Unexpected errors, such as a missing package other than the backend, are no failures."""
    backend("jax")
    assert failure_of(error) is None


def test_unexpected_error_without_a_chosen_backend_is_not_a_failure(monkeypatch):
    """Without KERAS_BACKEND, the error for a missing TensorFlow counts as unexpected."""
    monkeypatch.delenv("KERAS_BACKEND")
    assert failure_of(ModuleNotFoundError(name="tensorflow")) is None


def test_unknown_backend_fails_a_process_with_one_sentence():
    """A process with an unknown backend ends with one sentence instead of a traceback."""
    result = subprocess.run(
        [sys.executable, "-m", "lrcn_seq", "check", "configs/smoke/captioning.yaml"],
        check=False,
        env={**os.environ, "KERAS_BACKEND": "tensorflou"},
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("lrcn check: KERAS_BACKEND: expected tensorflow, jax, torch.")
    assert result.stderr.count("\n") == 1
