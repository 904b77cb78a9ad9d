"""The progress of an epoch: a bar on a terminal or in a notebook, otherwise lines in a log."""

from __future__ import annotations

import math
import time
from typing import Any

import keras
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from lrcn_seq.progress import LogProgress, make_bar
from lrcn_seq.tasks import BatchSource


class EpochProgress(keras.callbacks.Callback):
    """A callback that prints batches, loss and remaining time of an epoch on stderr.

    Args:
        epochs: number of epochs in the stage.

    Attributes:
        batches: the batches of the epoch, which count their samples.
        samples_per_second: speed of the last epoch.
    """

    def __init__(self, epochs: int):
        super().__init__()
        self.epochs = epochs
        self.bar: Progress | None = None
        self.row = TaskID(0)
        self.log = LogProgress("")
        self.batches: BatchSource | None = None
        self.samples_per_second = self.began = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the timer, and the bar on a terminal or in a notebook."""
        self.began = time.monotonic()
        title = f"epoch {epoch + 1}/{self.epochs}"
        self.log = LogProgress(f"{title}, batch")
        self.bar = make_bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.4f}"),
            TimeRemainingColumn(),
        )
        if self.bar is not None:
            self.row = self.bar.add_task(title, total=self.params["steps"], loss=0.0)
            self.bar.start()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Advance the progress bar, or print a line in a log now and then."""
        loss = (logs or {}).get("loss", 0.0)
        if self.bar is not None:
            self.bar.update(self.row, completed=batch + 1, loss=loss)
        elif batch + 1 < (self.params["steps"] or math.inf):  # the line of the epoch follows
            self.log(batch + 1, self.params["steps"], f", loss {loss:.4f}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Remove the progress bar, and measure the speed of the epoch."""
        self.close()
        samples = self.batches.samples if self.batches else 0
        self.samples_per_second = samples / max(1e-9, time.monotonic() - self.began)

    def close(self) -> None:
        """Remove the progress bar, if there is one."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
