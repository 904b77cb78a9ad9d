"""The filter for messages that native code writes to stderr."""

import subprocess
import sys

import pytest

from lrcn_seq.cli._native_logs import NOISE


@pytest.mark.parametrize(
    "line",
    [
        b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        b"I0000 00:00:1795216172.429711   23421 port.cc:153] oneDNN custom operations are on.",
        b"2026-01-01 10:00:00.000000: I tensorflow/core/platform/cpu_feature_guard.cc:210] Binary",
        b"To enable the following instructions: AVX2 AVX512F FMA, in other operations, rebuild",
    ],
)
def test_startup_messages_of_tensorflow_are_noise(line):
    """Startup messages of TensorFlow, which users cannot act on, are hidden."""
    assert NOISE.match(line)


@pytest.mark.parametrize(
    "line",
    [
        b"lrcn train: a.csv: expected rows.",
        b"Traceback (most recent call last):",
        b"2026-01-01 a line of another program",
        b"epoch 1/2  loss 3.1",
        b"I was here",
    ],
)
def test_other_lines_pass(line):
    """Lines that are not startup messages of TensorFlow are shown."""
    assert not NOISE.match(line)


def run_python(code: str) -> str:
    """Run code in a separate process and return the process's stderr."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def test_filter_drops_noise_and_nothing_else():
    """`hide_native_logs` hides startup messages only, even if it is called twice."""
    stderr = run_python(
        """
import os, sys
from lrcn_seq.cli._native_logs import hide_native_logs
hide_native_logs()
hide_native_logs()
os.write(2, b"I0000 00:00:1.0 1 port.cc:153] noise\\nfrom native code\\n")
print("from Python", file=sys.stderr)
"""
    )
    assert sorted(stderr.splitlines()) == ["from Python", "from native code"]


def test_native_output_after_shutdown_is_discarded():
    """Native output after the exit handlers, such as TensorFlow warnings, is hidden."""
    stderr = run_python(
        """
import atexit, os
# Handlers run in reverse order, so this one runs after that of the filter.
atexit.register(lambda: os.write(2, b"late warning\\n"))
from lrcn_seq.cli._native_logs import hide_native_logs
hide_native_logs()
"""
    )
    assert stderr == ""
