"""The progress of training: a bar where a terminal looks on, one line an epoch elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any

import keras


class Bar(keras.callbacks.Callback):
    """Batches of the epoch, loss and time, on stderr."""

    def __init__(self, epochs: int, feed: Any):
        super().__init__()
        self.epochs, self.feed, self.live = epochs, feed, sys.stderr.isatty()
        self.done = self.total = 0
        self.began = self.shown = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Starts the clock."""
        self.began, self.done, self.total = time.monotonic(), 0, self.params["steps"]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Moves the bar, ten times a second at most."""
        self.done = batch + 1
        now = time.monotonic()
        if self.live and now - self.shown > 0.1:
            self.shown = now
            left = (now - self.began) / self.done * (self.total - self.done)
            print(
                f"\r  batch {self.done}/{self.total}  loss {(logs or {}).get('loss', 0):.4f}  {left:.0f} s left  ",
                end="",
                file=sys.stderr,
                flush=True,
            )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """One line that stays."""
        seconds = time.monotonic() - self.began
        start, each = "\r" if self.live else "", 1e3 * seconds / max(1, self.total)
        loss = (logs or {}).get("loss", 0)
        print(
            f"{start}epoch {epoch + 1}/{self.epochs}  loss {loss:.4f}  {seconds:.1f} s  ({each:.0f} ms a batch)",
            file=sys.stderr,
            flush=True,
        )
