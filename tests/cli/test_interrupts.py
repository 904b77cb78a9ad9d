"""Interrupts that Python swallows in a destructor or callback."""

import signal
import sys
import time

import pytest

from lrcn_seq.cli._interrupts import swallowed_interrupts_raised


class RaisesWhenDeleted:
    """An object whose destructor raises an error, which Python swallows."""

    def __init__(self, error: BaseException):
        self.error = error

    def __del__(self):
        raise self.error


@pytest.fixture
def default_interrupts():
    """Install the default SIGINT handler, since background processes may ignore the signal."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


def test_interrupt_swallowed_in_a_destructor_is_raised(default_interrupts):
    """An interrupt that a destructor swallows is raised in the main thread."""
    with pytest.raises(KeyboardInterrupt), swallowed_interrupts_raised():
        RaisesWhenDeleted(KeyboardInterrupt())
        time.sleep(0.2)
        pytest.fail("the interrupt was lost")


def test_other_errors_go_to_the_previous_hook(monkeypatch):
    """Errors other than interrupts are passed to the previous `sys.unraisablehook`."""
    reported = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: reported.append(args.exc_type))
    with swallowed_interrupts_raised():
        RaisesWhenDeleted(ValueError())
    assert reported == [ValueError]


def test_previous_hook_is_restored():
    """The previous `sys.unraisablehook` is restored, even after an error."""
    hook = sys.unraisablehook
    with pytest.raises(ValueError, match="failed"), swallowed_interrupts_raised():
        assert sys.unraisablehook is not hook
        raise ValueError("failed")
    assert sys.unraisablehook is hook
