"""The console script itself: verbs, help, exit codes, what becomes of errors."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import lrcn_seq
from lrcn_seq import cli
from lrcn_seq.errors import ConfigError, DataError, Problem, UsageError

SOURCE = Path(cli.__file__).parent


def test_every_file_is_a_verb():
    """Each has a line that says what it does."""
    verbs = cli.verbs()
    assert set(verbs) == {
        path.stem for path in SOURCE.glob("*.py") if not path.stem.startswith("_")
    }
    assert {"caption", "check", "evaluate", "extract", "parts", "train"} <= set(verbs)
    assert all(line.endswith((".", ":")) and len(line) > 20 for line in verbs.values())


def test_an_interrupt_that_a_callback_swallowed_comes_again(lrcn, monkeypatch):
    """Ctrl-C in the middle of a garbage collection must not be lost."""

    class Collected:
        def __del__(self):
            raise KeyboardInterrupt

    def work(arguments):
        one = Collected()
        del one
        time.sleep(1)
        pytest.fail("went on")

    monkeypatch.setattr("lrcn_seq.cli.parts.run", work)
    before, handler = (
        sys.unraisablehook,
        signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # in the background it may be ignored
    try:
        called = lrcn("parts")
    finally:
        signal.signal(signal.SIGINT, handler)
    assert (called.code, called.err) == (
        130,
        "lrcn parts: interrupted; what was finished is kept.\n",
    )
    assert sys.unraisablehook is before


@pytest.mark.parametrize(
    ("backend", "sentence"),
    [
        (
            "TensorFlow",
            "KERAS_BACKEND: expected tensorflow, jax, torch. Received: 'TensorFlow'. Did you mean 'tensorflow'?",
        ),
        (
            "jax",
            "KERAS_BACKEND=jax: expected an installed package. Received: there is none; pip install jax.",
        ),
    ],
)
def test_a_backend_that_is_not_there(tmp_path, backend, sentence):
    """One sentence in a process of its own, where Keras was not imported before."""
    (tmp_path / "jax.py").write_text("raise ModuleNotFoundError(name='jax')")
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(tmp_path)}
    called = subprocess.run(
        [sys.executable, "-m", "lrcn_seq", "check", "configs/smoke/captioning.yaml"],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (called.returncode, called.stdout) == (2, "")
    assert called.stderr == f"lrcn check: {sentence}\n"


def test_help_lists_the_verbs(lrcn):
    """With one line each; asking for it is no error, calling without a verb is one."""
    asked, bare = lrcn("--help"), lrcn()
    assert (asked.code, bare.code) == (0, 2)
    assert asked.out == bare.out
    for verb, line in cli.verbs().items():
        assert f"\n  {verb}" in asked.out
        assert line in asked.out
    assert "`lrcn VERB --help` tells more." in asked.out


@pytest.mark.parametrize("verb", sorted(cli.verbs()))
def test_every_verb_explains_itself(lrcn, verb):
    """Usage, what it does, and a line for each argument."""
    called = lrcn(verb, "--help")
    assert called.code == 0
    assert called.out.startswith(f"usage: lrcn {verb} ")
    assert cli.verbs()[verb] in called.out
    assert "--debug" in called.out
    assert called.err == ""


def test_the_version(lrcn):
    """Name and number."""
    assert lrcn("--version").out == lrcn("-V").out == f"lrcn {lrcn_seq.__version__}\n"


def test_an_unknown_verb(lrcn):
    """Is told what was meant and what there is."""
    called = lrcn("trian", "x.yaml")
    assert called.code == 2
    assert called.err.startswith(
        "lrcn: there is no verb 'trian'. Did you mean 'train'? Known: caption, check,"
    )


@pytest.fixture
def failing(lrcn, monkeypatch):
    """A function that calls a verb that raises."""

    def call(error: BaseException, *arguments):
        def run(parsed):
            raise error

        monkeypatch.setattr("lrcn_seq.cli.parts.run", run)
        return lrcn("parts", *arguments)

    return call


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (DataError("a.csv: expected rows."), 1, "a.csv: expected rows."),
        (UsageError("Expected less."), 2, "Expected less."),
        (
            ConfigError([Problem("seed", "expected a number.")], "x.yaml"),
            2,
            "x.yaml: 1 problem\n  seed: expected a number.",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "/disk/file"),
            1,
            "/disk/file: No space left on device.",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            1,
            "the output: No space left on device.",
        ),
        (MemoryError(), 1, "out of memory; try a smaller batch (training.batch_size=...)."),
        (
            RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 17179869184 bytes."),
            1,
            "out of memory; try a smaller batch (training.batch_size=...).",
        ),
        (
            type("ResourceExhaustedError", (Exception,), {})("failed to allocate memory"),
            1,
            "out of memory; try a smaller batch (training.batch_size=...).",
        ),
        (KeyboardInterrupt(), 130, "interrupted; what was finished is kept."),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_an_error_is_a_sentence(failing, error, code, sentence):
    """On stderr, with the verb in front and the exit code of its kind; nothing on stdout, no traceback."""
    called = failing(error)
    assert called == (code, "", f"lrcn parts: {sentence}\n")


def test_debug_shows_where_it_happened(failing):
    """The traceback comes before the sentence."""
    called = failing(DataError("a.csv: expected rows."), "--debug")
    assert called.code == 1
    assert called.err.startswith("Traceback (most recent call last):")
    assert called.err.endswith("lrcn parts: a.csv: expected rows.\n")


def test_what_was_not_foreseen_is_not_hidden(failing):
    """An error that is not ours is a bug and keeps its traceback."""
    with pytest.raises(ZeroDivisionError):
        failing(ZeroDivisionError())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train"], "the following arguments are required: config"),
        (["caption"], "the following arguments are required: run, IMAGE"),
        (["caption", "run"], "the following arguments are required: IMAGE"),
        (
            ["caption", "run", "a.png", "--best", "0"],
            "argument --best: expected a whole number above 0. Received: '0'",
        ),
        (
            ["caption", "run", "a.png", "--beams", "²"],
            "argument --beams: expected a whole number above 0. Received: '²'",
        ),
        (
            ["caption", "run", "a.png", "--beam", "x", "--bets", "3"],
            "argument --beams: expected a whole number above 0. Received: 'x'",
        ),
        (["evaluate", "run", "--split", "all"], "argument --split: invalid choice: 'all'"),
        (
            ["evaluate", "run", "--weights", "a,b"],
            "argument --weights: expected numbers like .33,.67. Received: 'a,b'",
        ),
        (
            ["evaluate", "run", "--limit", "-3"],
            "argument --limit: expected a whole number above 0. Received: '-3'",
        ),
        (["parts", "encoder"], "argument seam: invalid choice: 'encoder'"),
        (["check", "x.yaml", "--dat", "--unknown"], "unrecognized arguments: --unknown"),
    ],
)
def test_a_wrong_call_is_one_sentence(lrcn, arguments, sentence):
    """It names the argument and where to look; exit code 2."""
    called = lrcn(*arguments)
    assert called.code == 2
    assert called.out == ""
    assert called.err.startswith(f"lrcn {arguments[0]}: {sentence}")
    assert called.err.endswith(f"See `lrcn {arguments[0]} --help`.\n")
    assert called.err.count("\n") == 1


@pytest.mark.parametrize(
    ("redirection", "code", "err"),
    [
        ("| head -c 0", 0, ""),
        ("> /dev/full", 1, "lrcn parts: the output: No space left on device.\n"),
    ],
)
def test_a_stdout_that_takes_nothing(redirection, code, err):
    """A reader that went away is no error, a full disk is one sentence; Python adds nothing of its own."""
    command = f"set -o pipefail; '{sys.executable}' -m lrcn_seq parts {redirection}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (code, err)
