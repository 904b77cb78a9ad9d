"""StableHLO artifacts, which are written by processes on JAX."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lrcn_seq
from tests.export.isolation import run_script

pytest.importorskip("jax")
ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["smoke_run", "activity_run"])
def test_an_artifact_of_a_run_on_jax(request, name, photos, clips, tmp_path):
    """The command loads the run on JAX; `run.py` prints its answers without Keras."""
    run, files = request.getfixturevalue(name), photos if name == "smoke_run" else clips
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("KERAS_BACKEND", None)
    command = ["export", run, "--format", "stablehlo", "--output", tmp_path / "out", "--inputs"]
    called = subprocess.run(
        [sys.executable, "-m", "lrcn_seq", *map(str, command), *map(str, files)],
        capture_output=True,
        check=False,
        text=True,
        env=environment,
    )
    assert called.returncode == 0, called.stderr
    lines = run_script(tmp_path / "out", files, refused=("tensorflow",))
    found = lrcn_seq.load(run).predict([*map(str, files)])
    expected = ["\t".join([one.file, *one.lines()[:1]]) for one in found]
    assert lines == expected
