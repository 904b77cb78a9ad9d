"""Progress bars on stderr."""

import io
import sys

from lrcn_seq.progress import progress_bar


class Terminal(io.StringIO):
    """A text stream that reports to be a terminal."""

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


def test_nothing_is_shown_without_a_terminal(monkeypatch):
    """Without a terminal, a progress bar prints nothing."""
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress_bar("reading") as report:
        report(1, 1)
    assert sys.stderr.getvalue() == ""


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
    """Brackets of a file name are not markup of rich, and control characters are escaped."""
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
