"""Progress of long work on stderr: a bar on a terminal, and lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lrcn_seq.terminal import is_quiet, print_note, printable

Progress = Callable[[int, int | None], None]
"""A callback `(done, total)`; the total of a stream is None."""
FIRST_LINE_SECONDS = 3.0
"""Time after which work that goes on has its first line in a log."""
LINE_SECONDS = 30.0
"""Time between two lines in a log."""


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """Show a progress bar on a terminal or in a notebook, otherwise print a line now and then.

    A quiet process shows nothing.

    Args:
        title: the text in front of the bar.

    Yields:
        A callback `(done, total)` that updates the bar.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(file=sys.stderr)
    if is_quiet() or not (console.is_terminal or console.is_jupyter):
        yield LogProgress(title)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Bar(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=sys.stdout.isatty(),  # redirected stdout must not go to stderr
    ) as bar:
        task = bar.add_task(printable(title), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class LogProgress:
    """A callback that prints lines such as `opening files: 120 of 900, 0:35 left`.

    The first line follows after `FIRST_LINE_SECONDS`, so that short work prints nothing.

    Args:
        title: the name of the work.
    """

    def __init__(self, title: str):
        self.title, self.began = title, time.monotonic()
        self.first: int | None = None
        self.due = self.began + FIRST_LINE_SECONDS

    def __call__(self, done: int, total: int | None, note: str = "") -> None:
        """Print a line if one is due.

        Args:
            done: number of finished items.
            total: number of all items, or None.
            note: text at the end of the line.
        """
        now = time.monotonic()
        self.first = max(0, done - 1) if self.first is None else self.first
        if now < self.due or done == total:
            return
        self.due = now + LINE_SECONDS
        count = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        rate = (done - self.first) / (now - self.began)
        left = f", {duration((total - done) / rate)} left" if total and rate > 0 else ""
        print_note(f"{self.title}: {count}{left}{note}")


def duration(seconds: float) -> str:
    """Return a duration as minutes and seconds, or as hours, minutes and seconds."""
    whole = round(seconds)
    minutes, rest = whole // 60, whole % 60
    if minutes < 60:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
