"""Interrupts by Ctrl-C, SIGTERM and SIGHUP, which end a command with a one-line message.

The signals SIGTERM (of a scheduler or a shutdown) and SIGHUP (of a closed terminal) do the same as
Ctrl-C: finished work is kept, and the exit code is 128 plus the number of the signal. A signal that
is ignored, such as SIGHUP under `nohup`, stays ignored.
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
"""Signals that do the same as Ctrl-C."""


class Terminated(KeyboardInterrupt):
    """An interrupt by a signal.

    Args:
        number: number of the signal.
    """

    def __init__(self, number: int):
        self.number = number
        super().__init__(number)


class _Interrupts:
    """Signal handlers that raise interrupts, and a hook that repeats swallowed ones.

    Attributes:
        number: number of the last signal that raised an interrupt; None before the first one.
    """

    def __init__(self, previous_hook: Callable[[sys.UnraisableHookArgs], object]):
        self.previous_hook, self.is_raised = previous_hook, False
        self.number: int | None = None

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt for every Ctrl-C."""
        self.number = number
        signal.default_int_handler(number, frame)

    def terminate(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a handler
        """Raise `Terminated` at the first signal, and ignore later ones while the command ends."""
        if not self.is_raised:
            self.is_raised, self.number = True, number
            raise Terminated(number)

    @property
    def handlers(self) -> dict[int, Callable[[int, FrameType | None], object]]:
        """Handlers to install, by signal; none for signals whose handler is not the default."""
        handlers: dict[int, Callable[[int, FrameType | None], object]] = {}
        if threading.current_thread() is threading.main_thread():
            for number in TERMINATING:
                if signal.getsignal(number) is signal.SIG_DFL:
                    handlers[number] = self.terminate
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                handlers[signal.SIGINT] = self.interrupt
        return handlers

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
    """Raise `Terminated` for SIGTERM and SIGHUP, and re-raise interrupts that would be lost.

    Python reports but does not propagate exceptions raised in destructors and in garbage
    collection callbacks, such as the callback of JAX. Within this context, an interrupt raised
    there is raised again in the main thread. A library may also replace an interrupt by an
    exception of its own, such as an ImportError. If such an exception leaves this context after an
    interrupt, the interrupt is raised instead. Signal handlers change only in the main thread.
    """
    interrupts = _Interrupts(sys.unraisablehook)
    previous = {n: signal.signal(n, handler) for n, handler in interrupts.handlers.items()}
    sys.unraisablehook = interrupts.hook
    try:
        yield
    except Exception as error:
        if interrupts.number is None:
            raise
        raise Terminated(interrupts.number) from error
    finally:
        sys.unraisablehook = interrupts.previous_hook
        for number, handler in previous.items():
            signal.signal(number, handler)


def signal_number(interrupt: BaseException | None) -> int:
    """Return the number of the signal that caused an interrupt."""
    return interrupt.number if isinstance(interrupt, Terminated) else signal.SIGINT
