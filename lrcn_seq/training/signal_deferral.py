"""Deferral of interrupts to a moment at which the training state can be saved."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Handler = Callable[[int, FrameType | None], object]


class SignalDeferral:
    """A context in which an interrupt waits for `deliver` or for the end of the context.

    A second interrupt by Ctrl-C is delivered at once. Only signals with a Python handler are
    deferred, and only in the main thread, which receives them: SIGINT raises KeyboardInterrupt by
    default, and the command line has handlers for SIGTERM and SIGHUP.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Handler] = {}
        self._waiting: int | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether an interrupt is waiting."""
        return self._waiting is not None

    def deliver(self) -> None:
        """Call the handler of the waiting interrupt, if any; handlers usually raise an error."""
        if self._waiting is not None:
            number, self._waiting = self._waiting, None
            self._handlers[number](number, None)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):
                    self._handlers[number] = handler
                    signal.signal(number, self._defer)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if error is None:
            self.deliver()
        self._handlers, self._waiting = {}, None

    def _defer(self, number: int, frame: FrameType | None) -> None:
        if self.is_waiting and number == signal.SIGINT:
            self._waiting = None
            self._handlers[number](number, frame)
        else:
            self._waiting = number
