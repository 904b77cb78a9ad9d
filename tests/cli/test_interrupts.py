"""Interrupts by signals, including interrupts that Python swallows in callbacks."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from lrcn_seq.cli._interrupts import Terminated, interrupts_raised, signal_number
from lrcn_seq.runs import Run
from tests.conftest import ROOT


class RaisesWhenDeleted:
    """An object whose destructor raises an error, which Python swallows."""

    def __init__(self, error: BaseException):
        self.error = error

    def __del__(self):
        raise self.error


@pytest.fixture(autouse=True)
def default_handlers():
    """Install the default signal handlers, since background processes may ignore signals."""
    handlers = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    yield
    for number, handler in previous.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_raises_an_interrupt(number):
    """SIGINT, SIGTERM and SIGHUP raise a KeyboardInterrupt that has the number of the signal."""
    with pytest.raises(KeyboardInterrupt) as interrupt, interrupts_raised():
        os.kill(os.getpid(), number)
        time.sleep(1)
    assert signal_number(interrupt.value) == number


def test_further_signals_do_not_disturb_the_end():
    """After the first signal, further signals do not disturb the cleanup."""
    cleaned_up = False
    with pytest.raises(Terminated) as interrupt, interrupts_raised():
        try:
            os.kill(os.getpid(), signal.SIGHUP)
        finally:
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned_up = True
    assert cleaned_up
    assert interrupt.value.number == signal.SIGHUP


def test_ignored_signals_stay_ignored():
    """An ignored signal, such as SIGHUP under `nohup`, stays ignored."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with interrupts_raised():
        os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_handlers_of_a_host_program_are_kept():
    """The handler of a program that handles SIGTERM itself is kept."""
    received = []
    signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    with interrupts_raised():
        os.kill(os.getpid(), signal.SIGTERM)
    assert received == [signal.SIGTERM]


def test_handlers_are_restored():
    """After `interrupts_raised`, signals have their previous handlers again."""
    with interrupts_raised():
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_thread_leaves_the_handlers_alone():
    """In a thread other than the main thread, signal handlers are not changed."""
    errors = []

    def enter():
        try:
            with interrupts_raised():
                pass
        except ValueError as error:
            errors.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert errors == []


@pytest.mark.parametrize(
    "interrupt", [KeyboardInterrupt(), Terminated(signal.SIGTERM)], ids=["Ctrl-C", "SIGTERM"]
)
def test_interrupt_swallowed_in_a_destructor_is_raised(interrupt):
    """An interrupt in a destructor, which Python swallows, is raised in the main thread."""
    with pytest.raises(type(interrupt)), interrupts_raised():
        RaisesWhenDeleted(interrupt)
        time.sleep(0.2)
        pytest.fail("the interrupt was lost")


def test_a_signal_swallowed_in_a_destructor_is_raised():
    """An interrupt that a signal raises inside a destructor is raised again outside."""

    class SendsWhenDeleted:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(1)

    with pytest.raises(Terminated), interrupts_raised():
        SendsWhenDeleted()
        time.sleep(0.2)
        pytest.fail("the interrupt was lost")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_a_library_replaces_by_another_exception_is_raised(number):
    """An interrupt is raised again after a library has replaced it by another exception."""
    with pytest.raises(KeyboardInterrupt) as interrupt, interrupts_raised():
        try:
            os.kill(os.getpid(), number)
            time.sleep(1)
        except KeyboardInterrupt:
            raise ImportError("failed") from None
    assert signal_number(interrupt.value) == number


def test_other_errors_go_to_the_previous_hook(monkeypatch):
    """Errors other than interrupts are passed to the previous `sys.unraisablehook`."""
    reported = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: reported.append(args.exc_type))
    with interrupts_raised():
        RaisesWhenDeleted(ValueError())
    assert reported == [ValueError]


def test_previous_hook_is_restored():
    """The previous `sys.unraisablehook` is restored, even after an error."""
    hook = sys.unraisablehook
    with pytest.raises(ValueError, match="failed"), interrupts_raised():
        assert sys.unraisablehook is not hook
        raise ValueError("failed")
    assert sys.unraisablehook is hook


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_command_with_a_sentence(lrcn, monkeypatch, number, code):
    """The exit code of an interrupted command is 128 plus the number of the signal."""
    monkeypatch.setattr("lrcn_seq.cli.parts.run", lambda parsed: os.kill(os.getpid(), number))
    sentence = f"lrcn parts: interrupted by {signal.Signals(number).name}; finished work is kept.\n"
    assert lrcn("parts") == (code, "", sentence)


def test_interrupted_training_has_saved_its_last_batch(tmp_path):
    """A signal during an epoch saves the training state before the next scheduled save."""
    run, config = tmp_path / "run", ROOT / "configs" / "smoke" / "activity.yaml"
    overrides = ["training.epochs=100000", "training.save_seconds=100000", "data.source.train=400"]
    command = [sys.executable, "-m", "lrcn_seq", "train", str(config), "--run", str(run)]
    with subprocess.Popen([*command, *overrides], stderr=subprocess.PIPE, text=True) as process:
        lines = iter(process.stderr.readline, "")
        assert any(line.startswith("epoch 1/") for line in lines)
        assert any(line.startswith("epoch 2/") for line in lines)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        messages = "".join(lines)
    assert process.wait() == 143
    assert messages.endswith(
        "lrcn train: interrupted by SIGTERM; finished work is kept. To continue, repeat the "
        "command with --resume.\n"
    )
    position = Run(run).states.read().position
    assert (position.epoch, position.step) > (1, 0)
    assert position.trained or position.step > 0
