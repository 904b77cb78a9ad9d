"""The filter for the log lines of TensorFlow during its import."""

import os
import subprocess
import sys

import pytest

from lrcn_seq.tensorflow_logs import NOISE, filtered_stderr

FAKE = """
import os, sys
os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called\\n")
os.write(2, b"I0000 00:00:1.0 1 port.cc:153] oneDNN custom operations are on.\\n")
os.write(2, b"a message of native code\\n")
print("a message of Python", file=sys.stderr)
"""
"""A stand-in for TensorFlow, which writes messages while it is imported."""


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


def run_python(tmp_path, code: str, **variables: str) -> list[str]:
    """Run code in a process with the stand-in, and return the lines of its stderr, sorted."""
    (tmp_path / "tensorflow.py").write_text(FAKE)
    environment = {name: value for name, value in os.environ.items() if "TF_" not in name}
    environment |= {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]), **variables}
    command = [sys.executable, "-c", code]
    result = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment, cwd=tmp_path
    )
    return sorted(result.stderr.splitlines())


def test_import_of_tensorflow_is_quiet(tmp_path):
    """After `import lrcn_seq`, importing TensorFlow writes no log lines; other lines pass."""
    code = "import os, lrcn_seq, tensorflow; os.write(2, b'afterwards\\n')"
    expected = ["a message of Python", "a message of native code", "afterwards"]
    assert run_python(tmp_path, code) == expected


def test_a_variable_shows_the_logs(tmp_path):
    """A user who sets TF_CPP_MIN_LOG_LEVEL below 3 sees the log lines."""
    lines = run_python(tmp_path, "import lrcn_seq, tensorflow", TF_CPP_MIN_LOG_LEVEL="0")
    assert len(lines) == 4


def test_logs_can_be_shown_again(tmp_path):
    """`show_import_logs` undoes the filter before TensorFlow is imported."""
    code = "import lrcn_seq.tensorflow_logs as t; t.show_import_logs(); import tensorflow"
    assert len(run_python(tmp_path, code)) == 4


def test_an_error_of_the_import_is_raised(tmp_path):
    """An error of the import passes the filter, and stderr is restored."""
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").write_text("raise ImportError('broken')")
    code = (
        "import os, lrcn_seq\n"
        "try:\n import tensorflow\nexcept ImportError as e: os.write(2, str(e).encode())"
    )
    assert run_python(tmp_path, code) == ["broken"]


def test_no_file_is_left_open():
    """The filter closes its pipe and its copy of stderr, so the next free number stays the same."""
    before = os.dup(2)
    os.close(before)
    for _ in range(3):
        with filtered_stderr():
            os.write(2, b"I0000 00:00:1.0 1 x.cc:1] noise\n")
    after = os.dup(2)
    os.close(after)
    assert after == before
