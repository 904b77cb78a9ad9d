"""Deferral of signals while a batch is trained."""

import os
import signal
import threading

import pytest

from lrcn_seq.training.signal_deferral import SignalDeferral


class Received(BaseException):
    """Raised by the signal handlers of these tests."""


@pytest.fixture(autouse=True)
def handlers():
    """Install handlers that raise `Received` with the number of the signal."""

    def handle(number, frame):
        raise Received(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    previous = {number: signal.signal(number, handle) for number in numbers}
    yield
    for number, handler in previous.items():
        signal.signal(number, handler)


def send(number: int) -> None:
    """Send a signal to this process."""
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_delivered_on_request(number):
    """A signal waits within the context until `deliver` is called."""
    with SignalDeferral() as interrupts:
        interrupts.deliver()
        assert not interrupts.is_waiting
        send(number)
        assert interrupts.is_waiting
        with pytest.raises(Received) as received:
            interrupts.deliver()
        assert received.value.args == (number,)
        assert not interrupts.is_waiting


def test_a_signal_is_delivered_at_the_end():
    """If `deliver` is not called, a waiting signal is delivered at the end of the context."""
    finished = False
    with pytest.raises(Received), SignalDeferral():
        send(signal.SIGTERM)
        finished = True
    assert finished


def test_an_error_is_not_replaced_by_a_signal():
    """An error that is raised within the context reaches the caller even if a signal waits."""
    with pytest.raises(KeyError), SignalDeferral():
        send(signal.SIGTERM)
        raise KeyError


def test_a_second_interrupt_does_not_wait():
    """SIGINT (Ctrl-C) is delivered at once if another signal is already waiting."""
    with SignalDeferral():
        send(signal.SIGTERM)
        send(signal.SIGHUP)
        with pytest.raises(Received) as received:
            send(signal.SIGINT)
        assert received.value.args == (signal.SIGINT,)


def test_handlers_are_restored():
    """Leaving the context restores the signal handlers, even after it is entered a second time."""
    interrupts = SignalDeferral()
    for _ in range(2):
        with interrupts:
            pass
        with pytest.raises(Received):
            send(signal.SIGTERM)


def test_ignored_and_default_signals_are_unchanged():
    """A signal that is ignored or has its default action is not deferred."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with SignalDeferral() as interrupts:
        send(signal.SIGHUP)
        assert not interrupts.is_waiting
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_another_thread_defers_nothing():
    """In another thread, the context does nothing; only the main thread may change handlers."""
    errors = []

    def enter():
        try:
            with SignalDeferral():
                pass
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert errors == []
