"""The command `lrcn serve`: arguments, and errors before the server starts."""

import sys

import pytest

from lrcn_seq import cli
from lrcn_seq.serving import server


@pytest.fixture
def served(monkeypatch):
    """Return the list of calls that `lrcn serve` makes in place of a server."""
    calls = []
    monkeypatch.setattr(server, "serve", lambda run, **options: calls.append((run, options)))
    return calls


def test_defaults(lrcn, smoke_run, served):
    """By default, the server listens at port 8000 of the loopback interface."""
    assert lrcn("serve", smoke_run).code == 0
    ((run, options),) = served
    limits = options.pop("limits")
    assert (run, options) == (str(smoke_run), {"host": "127.0.0.1", "port": 8000})
    assert (limits.max_batch, limits.max_wait, limits.queue) == (16, 0.005, 64)


def test_options(lrcn, smoke_run, served):
    """All limits are options."""
    lrcn(
        *("serve", smoke_run, "--host", "::1", "--port", 0, "--max-batch", 2, "--queue", 3),
        *("--max-wait-ms", "0", "--max-bytes", 4, "--max-pixels", 5, "--max-seconds", "1.5"),
    )
    ((_, options),) = served
    assert (options["host"], options["port"]) == ("::1", 0)
    assert options["limits"][:6] == (2, 0.0, 3, 4, 5, 1.5)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "65536"], "expected a port from 0 to 65535. Received: '65536'"),
        (["--max-wait-ms", "-1"], "expected a number of milliseconds from 0 to 60000."),
        (["--max-wait-ms", "nan"], "expected a number of milliseconds from 0 to 60000."),
        (["--max-batch", "0"], "expected a whole number from 1 to"),
    ],
)
def test_wrong_arguments(lrcn, smoke_run, served, arguments, sentence):
    """An argument out of range is a wrong call."""
    result = lrcn("serve", smoke_run, *arguments)
    assert (result.code, served) == (2, [])
    assert sentence in result.err


def test_a_folder_without_a_run(lrcn, tmp_path, served):
    """A folder that is not a run is refused before anything is loaded."""
    result = lrcn("serve", tmp_path)
    assert (result.code, served) == (1, [])
    assert str(tmp_path) in result.err


def test_missing_packages_are_named(lrcn, smoke_run, monkeypatch):
    """Without the extra `serve`, the error names the package and the extra."""
    for name in [name for name in sys.modules if name.startswith("lrcn_seq.serving")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = lrcn("serve", smoke_run)
    assert result.code == 1
    assert "lrcn serve needs the package uvicorn" in result.err
    assert ".[serve]" in result.err


def test_the_verb_is_listed():
    """The overview of commands lists `serve`."""
    assert "serve" in cli.verbs()
