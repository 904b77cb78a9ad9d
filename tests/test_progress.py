"""Progress bars on stderr."""

import io
import sys

import pytest

from lrcn_seq import terminal as terminal_module
from lrcn_seq.progress import duration, progress_bar


class Terminal(io.StringIO):
    """A text stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def use_terminal(monkeypatch) -> Terminal:
    """Replace stderr by a terminal and return it.

    Tests call this function because pytest replaces stderr after fixtures ran.
    """
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def test_a_terminal_shows_title_and_counts(monkeypatch):
    """On a terminal, a progress bar shows its title and the last counts."""
    terminal = use_terminal(monkeypatch)
    with progress_bar("reading") as report:
        report(2, 3)
        report(3, 3)
    assert "reading" in terminal.getvalue()
    assert "3/3" in terminal.getvalue()


def test_short_work_prints_nothing_without_a_terminal(monkeypatch):
    """Without a terminal, short work prints nothing."""
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress_bar("reading") as report:
        report(1, 1)
    assert sys.stderr.getvalue() == ""


def test_a_quiet_process_shows_no_bar(monkeypatch):
    """A quiet process shows no progress bar on a terminal."""
    terminal = use_terminal(monkeypatch)
    monkeypatch.setattr(terminal_module._Settings, "verbosity", terminal_module.Verbosity.QUIET)
    with progress_bar("reading") as report:
        report(1, 1)
    assert terminal.getvalue() == ""


@pytest.fixture
def clock(monkeypatch):
    """Replace the clock by one that a test sets."""
    now = [0.0]
    monkeypatch.setattr("lrcn_seq.progress.time.monotonic", lambda: now[0])
    return now


def test_long_work_prints_lines_without_a_terminal(capsys, clock):
    """In a log, the first line comes after 3 seconds, and the next one 30 seconds later."""
    with progress_bar("reading\x07") as report:
        for done in range(1, 101):
            clock[0] = float(done)
            report(done, 100)
    assert capsys.readouterr().err.splitlines() == [
        "reading\\x07: 3 of 100, 1:37 left",
        "reading\\x07: 33 of 100, 1:07 left",
        "reading\\x07: 63 of 100, 0:37 left",
        "reading\\x07: 93 of 100, 0:07 left",
        "reading\\x07: 100 of 100",
    ]


def test_items_that_were_finished_before_do_not_count_for_the_speed(capsys, clock):
    """The remaining time follows from the items that were finished in this process."""
    with progress_bar("reading") as report:
        for done in range(1, 6):
            clock[0] = float(done)
            report(1000 + done, 2000)
    assert capsys.readouterr().err == "reading: 1,003 of 2,000, 16:37 left\n"


def test_remaining_time_follows_after_some_seconds(capsys, clock):
    """A slow first item gives no estimate, and does not affect later estimates."""
    with progress_bar("reading") as report:
        for done in range(1, 41):
            clock[0] = 60.0 + done
            report(done, 100)
    assert capsys.readouterr().err.splitlines() == [
        "reading: 1 of 100",
        "reading: 31 of 100, 1:09 left",
    ]


def test_stream_prints_its_count(capsys, clock):
    """In a log, work without a known end has neither a total nor a remaining time."""
    with progress_bar("reading") as report:
        clock[0] = 3.0
        report(1200, None)
    assert capsys.readouterr().err == "reading: 1,200\n"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0:00"), (59.6, "1:00"), (3599, "59:59"), (3600, "1:00:00")]
)
def test_durations(seconds, text):
    """Durations have minutes and seconds, and also hours from one hour on."""
    assert duration(seconds) == text


def test_redirected_output_is_not_shown_on_the_terminal(monkeypatch):
    """Lines on a redirected stdout do not appear in the terminal of the progress bar."""
    terminal = use_terminal(monkeypatch)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with progress_bar("reading") as report:
        print("a result")
        report(1, 1)
    assert sys.stdout.getvalue() == "a result\n"
    assert "a result" not in terminal.getvalue()


def test_lines_on_stderr_appear_above_the_bar(monkeypatch):
    """Lines on stderr appear above the progress bar."""
    terminal = use_terminal(monkeypatch)
    with progress_bar("reading") as report:
        print("a warning", file=sys.stderr)
        report(1, 1)
    assert "a warning" in terminal.getvalue()


def test_a_title_is_neither_markup_nor_control(monkeypatch):
    """Brackets in a title are shown as text, and its control characters are escaped."""
    terminal = use_terminal(monkeypatch)
    with progress_bar("[/b]\x07.mp4") as report:
        report(1, 1)
    assert "[/b]\\x07.mp4" in terminal.getvalue()


def test_a_bar_is_shown_in_a_notebook(monkeypatch):
    """The bar is enabled in a notebook, where stderr is not a terminal."""
    enabled = []
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr(
        "rich.progress.Progress.start", lambda self: enabled.append(not self.disable)
    )
    monkeypatch.setattr("rich.progress.Progress.stop", lambda self: None)
    with progress_bar("reading") as report:
        report(1, 2)
    assert enabled == [True]
