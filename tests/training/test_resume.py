"""Resumed runs of killed processes compared bit by bit with uninterrupted runs."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

CHILD = Path(__file__).with_name("resume_child.py")
MOMENTS = ("state", "pointer", "dev", "trained")


def train_in_child(folder: Path, moment: str = "") -> int:
    """Train a run in a child process, which is killed at `MOMENT:NUMBER`; return its exit code."""
    environment = {**os.environ, "LRCN_TEST_KILL": moment, "TF_CPP_MIN_LOG_LEVEL": "3"}
    result = subprocess.run(
        [sys.executable, str(CHILD), str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode in {0, -signal.SIGKILL}, result.stderr[-2000:]
    return result.returncode


def read_state(folder: Path) -> tuple[dict, dict]:
    """Return the arrays and the metadata of the last state, without the state's number."""
    last = folder / "state" / (folder / "state" / "last").read_text()
    with np.load(last / "arrays.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    metadata = json.loads((last / "meta.json").read_text())
    metadata["position"].pop("number")
    return arrays, metadata


def read_weights(folder: Path) -> dict[str, np.ndarray]:
    """Return the arrays of the best weights by name."""
    arrays = {}

    def collect(name, item):
        if isinstance(item, h5py.Dataset):
            arrays[name] = item[()]

    with h5py.File(folder / "model.weights.h5") as file:
        file.visititems(collect)
    return arrays


def assert_equal_bits(arrays: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    """Fail unless two sets of arrays have the same names and bytes."""
    assert arrays.keys() == expected.keys()
    different = [name for name in expected if arrays[name].tobytes() != expected[name].tobytes()]
    assert not different


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_killed_at_random_moments_equals_an_uninterrupted_run_bit_by_bit(tmp_path):
    """A run killed at random batches and file writes ends with the bits of an uninterrupted run."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert train_in_child(whole) == 0
    environment = json.loads((whole / "machine.json").read_text())
    assert environment["backend"] == keras.backend.backend()

    draw = random.Random(4)
    moments = [f"step:{draw.randint(1, 3)}" for _ in range(5)] + [f"{name}:1" for name in MOMENTS]
    draw.shuffle(moments)
    # Only the first dev score is certain to be the best so far on every backend.
    moments.insert(0, "best:1")
    codes = [train_in_child(killed, moment) for moment in moments]
    assert codes == [-signal.SIGKILL] * len(moments)
    assert train_in_child(killed) == 0

    (arrays, metadata), (expected, expected_metadata) = read_state(killed), read_state(whole)
    assert len(expected) > 20
    assert_equal_bits(arrays, expected)
    assert metadata == expected_metadata
    assert_equal_bits(read_weights(killed), read_weights(whole))
    for name in ("history.jsonl", "predictions.jsonl"):
        assert (killed / name).read_text() == (whole / name).read_text()
    assert len((whole / "history.jsonl").read_text().splitlines()) == 6
