"""Keep Ctrl-C working while native code calls back into Python."""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

DELAY = 0.05
"""Seconds after which a swallowed interrupt is raised again."""


@contextmanager
def swallowed_interrupts_raised() -> Iterator[None]:
    """Re-raise a KeyboardInterrupt that was swallowed in a callback.

    Python reports but does not propagate exceptions raised in destructors and in garbage
    collection callbacks, such as that of JAX. In this context, the interrupt reaches the main
    thread again.
    """
    previous_hook = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        if unraisable.exc_type is KeyboardInterrupt:
            threading.Timer(DELAY, _thread.interrupt_main).start()
        else:
            previous_hook(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = previous_hook
