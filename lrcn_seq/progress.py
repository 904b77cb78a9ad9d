"""Progress of long work on stderr: a bar on a terminal, and lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lrcn_seq.terminal import is_quiet, print_note, printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import ProgressColumn

Progress = Callable[[int, int | None], None]
"""A callback `(done, total)`; the total of a stream is None."""
FIRST_LINE_SECONDS = 3.0
"""Time after which work that goes on has its first line in a log."""
LINE_SECONDS = 30.0
"""Time between two lines in a log."""
ESTIMATE_SECONDS = 2.0
"""Time after the first item before the remaining time is estimated."""


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """Show a progress bar on a terminal or in a notebook, otherwise print a line now and then.

    A quiet process shows nothing.

    Args:
        title: the text in front of the bar.

    Yields:
        A callback `(done, total)` that updates the bar.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    bar = make_bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    if bar is None:
        yield LogProgress(title)
        return
    with bar:
        task = bar.add_task(printable(title), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def make_bar(*columns: ProgressColumn) -> Bar | None:
    """Return a bar on stderr that disappears at its end; None in a log or in a quiet process.

    Args:
        columns: the columns of the bar.
    """
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(file=sys.stderr)
    if is_quiet() or not (console.is_terminal or console.is_jupyter):
        return None
    return Bar(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=sys.stdout.isatty(),  # redirected stdout must not go to stderr
    )


class LogProgress:
    """A callback that prints lines such as `opening files: 120 of 900, 0:35 left`.

    The first line follows after `FIRST_LINE_SECONDS`, so that short work prints nothing; work that
    has printed a line prints another one at its end. The first item, which often includes the start
    of the work, does not affect the remaining time.

    Args:
        title: the name of the work.
    """

    def __init__(self, title: str):
        self.title = title
        self.first: tuple[int, float] | None = None
        self.due = time.monotonic() + FIRST_LINE_SECONDS
        self.printed = False

    def __call__(self, done: int, total: int | None, note: str = "") -> None:
        """Print a line if one is due.

        Args:
            done: number of finished items.
            total: number of all items, or None.
            note: text at the end of the line.
        """
        now = time.monotonic()
        self.first = self.first or (done, now)
        if done == total:
            if self.printed:
                print_note(f"{self.title}: {done:,} of {done:,}")
                self.printed = False
            return
        if now < self.due:
            return
        self.due, self.printed = now + LINE_SECONDS, True
        count = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        items, seconds = done - self.first[0], now - self.first[1]
        known = total if items > 0 and seconds >= ESTIMATE_SECONDS else None
        left = f", {duration(seconds / items * (known - done))} left" if known else ""
        print_note(f"{self.title}: {count}{left}{note}")


def duration(seconds: float) -> str:
    """Return a duration as minutes and seconds, or as hours, minutes and seconds."""
    whole = round(seconds)
    minutes, rest = whole // 60, whole % 60
    if minutes < 60:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
