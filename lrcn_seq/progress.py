"""Progress bars on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lrcn_seq.terminal import printable

Progress = Callable[[int, int | None], None]
"""A callback `(done, total)`; the total of a stream is None."""


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """Show a progress bar if stderr is a terminal, or in a notebook.

    Args:
        title: the text in front of the bar.

    Yields:
        A callback `(done, total)` that updates the bar.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(file=sys.stderr)
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
        disable=not (console.is_terminal or console.is_jupyter),
        redirect_stdout=sys.stdout.isatty(),  # redirected output must not go to stderr
    ) as bar:
        task = bar.add_task(printable(title), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
