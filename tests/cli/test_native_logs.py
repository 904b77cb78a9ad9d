"""The filter for messages that native code writes to stderr."""

import subprocess
import sys


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
