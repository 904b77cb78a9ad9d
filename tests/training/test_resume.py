"""A run that is killed at any moment goes on to the same bits as one that never was."""

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
PHASES = ("state", "pointer", "dev", "trained")


def trained(folder: Path, moments: str = "") -> int:
    """Runs one training process on the run folder; `PHASE:NUMBER` kills it there."""
    environment = {**os.environ, "LRCN_TEST_KILL": moments, "TF_CPP_MIN_LOG_LEVEL": "3"}
    result = subprocess.run(
        [sys.executable, str(CHILD), str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode in {0, -signal.SIGKILL}, result.stderr[-2000:]
    return result.returncode


def state(folder: Path) -> tuple[dict, dict]:
    """Arrays and record of the last state of a run."""
    last = folder / "state" / (folder / "state" / "last").read_text()
    with np.load(last / "arrays.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    record = json.loads((last / "meta.json").read_text())
    record["position"].pop("number")
    return arrays, record


def weights(folder: Path) -> dict[str, np.ndarray]:
    """All arrays of the best weights."""
    found = {}
    with h5py.File(folder / "model.weights.h5") as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return found


def assert_equal(killed: Path, whole: Path) -> None:
    """Every bit that must agree, agrees."""
    (arrays, record), (arrays_whole, record_whole) = state(killed), state(whole)
    assert arrays.keys() == arrays_whole.keys() and len(arrays) > 20
    assert all(arrays[name].tobytes() == arrays_whole[name].tobytes() for name in arrays)
    assert record == record_whole
    assert (killed / "history.jsonl").read_text() == (whole / "history.jsonl").read_text()
    best, best_whole = weights(killed), weights(whole)
    assert best.keys() == best_whole.keys() and all(
        best[name].tobytes() == best_whole[name].tobytes() for name in best
    )
    assert (killed / "predictions.jsonl").read_text() == (whole / "predictions.jsonl").read_text()


@pytest.mark.timeout(900)
def test_a_run_killed_at_random_points_ends_in_the_same_bits(tmp_path):
    """SIGKILL after random batches and inside every kind of writing leaves no trace in the result."""
    assert trained(tmp_path / "whole") == 0
    assert (
        json.loads((tmp_path / "whole" / "machine.json").read_text())["backend"]
        == keras.backend.backend()
    )
    draw = random.Random(4)
    moments = [f"step:{draw.randint(1, 3)}" for _ in range(5)] + [f"{phase}:1" for phase in PHASES]
    draw.shuffle(moments)
    moments.insert(
        0, "best:1"
    )  # the first dev score is the best so far on every backend; a later one need not be
    codes = [trained(tmp_path / "killed", moment) for moment in moments]
    assert codes.count(-signal.SIGKILL) == len(moments)
    assert trained(tmp_path / "killed") == 0
    assert_equal(tmp_path / "killed", tmp_path / "whole")
