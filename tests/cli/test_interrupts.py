"""Interrupts that a callback swallows."""

import signal
import sys
import time

import pytest

from lrcn_seq.cli._interrupts import swallowed_interrupts_raised


class RaisesWhenDeleted:
    """An object whose destructor raises an error, which Python only reports."""

    def __init__(self, error: BaseException):
        self.error = error

    def __del__(self):
        raise self.error


@pytest.fixture
def default_interrupts():
    """Restore Python's reaction to SIGINT: a process in the background may ignore it."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


def test_interrupt_swallowed_in_a_destructor_is_raised(default_interrupts):
    """It reaches the main thread a moment later."""
    with pytest.raises(KeyboardInterrupt), swallowed_interrupts_raised():
        RaisesWhenDeleted(KeyboardInterrupt())
        time.sleep(0.2)
        pytest.fail("the interrupt was lost")


def test_other_errors_go_to_the_previous_hook(monkeypatch):
    """The process's own report of them stays."""
    reported = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: reported.append(args.exc_type))
    with swallowed_interrupts_raised():
        RaisesWhenDeleted(ValueError())
    assert reported == [ValueError]


def test_previous_hook_is_restored():
    """Also after an error."""
    hook = sys.unraisablehook
    with pytest.raises(ValueError, match="failed"), swallowed_interrupts_raised():
        assert sys.unraisablehook is not hook
        raise ValueError("failed")
    assert sys.unraisablehook is hook
