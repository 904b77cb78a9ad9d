"""The progress display of an epoch on stderr."""

import io
import re
import sys
from types import SimpleNamespace

import pytest

from lrcn_seq.training.epoch_progress import EpochProgress


class Terminal(io.StringIO):
    """A text stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def run_epoch(progress: EpochProgress, *, batches: int, during=lambda: None) -> None:
    """Call the progress callback as `fit` does in the third epoch."""
    progress.set_params({"steps": batches})
    progress.on_epoch_begin(2)
    for batch in range(batches):
        progress.on_train_batch_end(batch, {"loss": 2.5})
    during()
    progress.on_epoch_end(2, {"loss": 1.25})


def test_speed_is_that_of_the_samples_of_the_epoch():
    """The speed is the number of samples in the batches per second of the epoch."""
    progress = EpochProgress(5)
    progress.batches = SimpleNamespace(samples=150)
    progress.set_params({"steps": 4})
    progress.on_epoch_begin(2)
    progress.began -= 300.0
    progress.on_epoch_end(2)
    assert progress.samples_per_second == pytest.approx(0.5, rel=0.1)


def test_long_epoch_prints_lines_in_a_log(capsys, monkeypatch):
    """In a log, a line states batches, remaining time and loss once it is due."""
    monkeypatch.setattr("lrcn_seq.progress.FIRST_LINE_SECONDS", -1.0)
    monkeypatch.setattr("lrcn_seq.progress.LINE_SECONDS", -1.0)
    monkeypatch.setattr("lrcn_seq.progress.ESTIMATE_SECONDS", 0.0)
    run_epoch(EpochProgress(5), batches=3)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "epoch 3/5, batch: 1 of 3, loss 2.5000"
    assert re.fullmatch(r"epoch 3/5, batch: 2 of 3, \d+:\d\d left, loss 2\.5000", second)


def test_a_notebook_shows_a_bar(monkeypatch):
    """In a notebook, the bar is shown although stderr is not a terminal."""
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("rich.progress.Progress.start", lambda self: None)
    progress = EpochProgress(5)
    progress.set_params({"steps": 2})
    progress.on_epoch_begin(0)
    assert progress.bar is not None
    assert progress.bar.tasks[0].total == 2


def use_terminal(monkeypatch) -> Terminal:
    """Replace stderr by a terminal and return it.

    Tests call this function because pytest's capture resets stderr after fixtures ran.
    """
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def test_a_terminal_shows_a_bar(monkeypatch):
    """On a terminal, a progress bar shows batches and loss until the epoch ends."""
    terminal = use_terminal(monkeypatch)
    progress = EpochProgress(5)

    def draw():
        progress.bar.refresh()

    run_epoch(progress, batches=4, during=draw)
    shown = terminal.getvalue()
    assert "4/4" in shown
    assert "loss 2.5000" in shown
    assert progress.bar is None


def test_redirected_output_is_not_shown_on_the_terminal(monkeypatch):
    """Lines printed during an epoch stay on a redirected stdout while stderr shows a bar."""
    terminal = use_terminal(monkeypatch)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    run_epoch(EpochProgress(1), batches=1, during=lambda: print("a result"))
    assert sys.stdout.getvalue() == "a result\n"
    assert "a result" not in terminal.getvalue()


def test_an_interrupted_epoch_removes_the_bar(monkeypatch):
    """`close` removes the bar of an interrupted epoch and may be called repeatedly."""
    use_terminal(monkeypatch)
    progress = EpochProgress(1)
    progress.set_params({"steps": 2})
    progress.on_epoch_begin(0)
    bar = progress.bar
    assert bar.live.is_started
    progress.close()
    progress.close()
    assert not bar.live.is_started
