"""What passes the filter on stderr."""

import subprocess
import sys

import pytest

from lrcn_seq.cli._quiet import NOISE


@pytest.mark.parametrize(
    "line",
    [
        b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        b"I0000 00:00:1795216172.429711   23421 port.cc:153] oneDNN custom operations are on.",
        b"2026-01-01 10:00:00.000000: I tensorflow/core/platform/cpu_feature_guard.cc:210] This TensorFlow binary is optimized",
        b"To enable the following instructions: AVX2 AVX512F FMA, in other operations, rebuild TensorFlow",
    ],
)
def test_start_up_notes_are_held_back(line):
    """They say nothing that a user could act on."""
    assert NOISE.match(line)


@pytest.mark.parametrize(
    "line",
    [
        b"lrcn train: a.csv: expected rows.",
        b"Traceback (most recent call last):",
        b"2026-01-01 a line of somebody else",
        b"epoch 1/2  loss 3.1",
        b"I was here",
    ],
)
def test_everything_else_passes(line):
    """Also what begins alike."""
    assert not NOISE.match(line)


def test_the_filter_in_a_process():
    """Lines of C code are filtered, those of Python pass, all of them arrive, in a process that asks for the filter twice."""
    code = """
import os, sys
from lrcn_seq.cli._quiet import quiet
quiet(); quiet()
os.write(2, b"I0000 00:00:1.0 1 port.cc:153] noise\\nkept by C\\n")
print("kept by Python", file=sys.stderr)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert sorted(result.stderr.splitlines()) == ["kept by C", "kept by Python"]


def test_what_is_said_after_python_has_ended_is_not_heard():
    """TensorFlow takes leave of an interrupted epoch with a warning."""
    code = """
import atexit, os
atexit.register(lambda: os.write(2, b"farewell\\n"))  # runs after that of the filter, which is registered later
from lrcn_seq.cli._quiet import quiet
quiet()
"""
    assert not subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stderr
