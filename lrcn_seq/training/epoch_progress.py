"""The progress of an epoch: a bar if stderr is a terminal, and one line per epoch."""

from __future__ import annotations

import sys
import time
from typing import Any

import keras
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from lrcn_seq.terminal import print_note


class EpochProgress(keras.callbacks.Callback):
    """A callback that prints batches, loss and remaining time of an epoch on stderr.

    Args:
        epochs: number of epochs in the stage.
    """

    def __init__(self, epochs: int):
        super().__init__()
        self.epochs = epochs
        self.bar: Progress | None = None
        self.row = TaskID(0)
        self.began = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the timer, and the bar if stderr is a terminal."""
        self.began = time.monotonic()
        console = Console(file=sys.stderr)
        if console.is_terminal:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("loss {task.fields[loss]:.4f}"),
                TimeRemainingColumn(),
            )
            self.bar = Progress(
                *columns,
                console=console,
                transient=True,
                redirect_stdout=sys.stdout.isatty(),  # output to a file must not go to stderr
            )
            title = f"epoch {epoch + 1}/{self.epochs}"
            self.row = self.bar.add_task(title, total=self.params["steps"], loss=0.0)
            self.bar.start()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Advance the progress bar."""
        if self.bar is not None:
            self.bar.update(self.row, completed=batch + 1, loss=(logs or {}).get("loss", 0.0))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Replace the progress bar by a line with the loss and the duration of the epoch."""
        self.close()
        seconds = time.monotonic() - self.began
        per_batch = 1e3 * seconds / max(1, self.params["steps"])
        print_note(
            f"epoch {epoch + 1}/{self.epochs}  loss {(logs or {}).get('loss', 0):.4f}  "
            f"{seconds:.1f} s  ({per_batch:.0f} ms per batch)"
        )

    def close(self) -> None:
        """Remove the progress bar, if there is one."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
