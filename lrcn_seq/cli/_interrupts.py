"""Interrupts by Ctrl-C, SIGTERM and SIGHUP, which end a command with a message.

SIGTERM (sent by a scheduler or a shutdown) and SIGHUP (sent when a terminal closes) have the same
effect as Ctrl-C: finished work is kept, and the exit code is 128 plus the number of the signal. A
signal that the process ignores, such as SIGHUP under `nohup`, stays ignored.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

DELAY = 0.05
"""Seconds after which a swallowed interrupt is raised again."""
TERMINATING = (signal.SIGTERM, signal.SIGHUP)
"""Signals that have the same effect as Ctrl-C."""


class Terminated(KeyboardInterrupt):
    """An interrupt by SIGTERM or SIGHUP.

    Args:
        number: number of the signal.
    """

    def __init__(self, number: int):
        self.number = number
        super().__init__(number)


class _Interrupts:
    """A signal handler that raises `Terminated`, and a hook that repeats swallowed interrupts."""

    def __init__(self, previous_hook: Callable[[sys.UnraisableHookArgs], object]):
        self.previous_hook, self.is_raised = previous_hook, False

    def terminate(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a handler
        """Raise `Terminated` at the first signal, and ignore signals while the command ends."""
        if not self.is_raised:
            self.is_raised = True
            raise Terminated(number)

    def hook(self, unraisable: sys.UnraisableHookArgs) -> None:
        """Send the signal of a swallowed interrupt again; report other exceptions as before."""
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            self.previous_hook(unraisable)
            return
        self.is_raised = False
        number = signal_number(unraisable.exc_value)
        threading.Timer(DELAY, _thread.interrupt_main, (number,)).start()


@contextmanager
def interrupts_raised() -> Iterator[None]:
    """Raise `Terminated` for SIGTERM and SIGHUP, and re-raise interrupts swallowed in a callback.

    Python reports but does not propagate exceptions raised in destructors and in garbage
    collection callbacks, such as the callback of JAX. Within this context, an interrupt raised
    there is raised again in the main thread. Signal handlers change only in the main thread.
    """
    interrupts = _Interrupts(sys.unraisablehook)
    changed = []
    if threading.current_thread() is threading.main_thread():
        changed = [n for n in TERMINATING if signal.getsignal(n) is signal.SIG_DFL]
    for number in changed:
        signal.signal(number, interrupts.terminate)
    sys.unraisablehook = interrupts.hook
    try:
        yield
    finally:
        sys.unraisablehook = interrupts.previous_hook
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


def signal_number(interrupt: BaseException | None) -> int:
    """Return the number of the signal that caused an interrupt."""
    return interrupt.number if isinstance(interrupt, Terminated) else signal.SIGINT
