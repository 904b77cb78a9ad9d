"""A task that another package defines, tested with every command."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import pytest
from PIL import Image

PACKAGE = Path(__file__).with_name("image_tags")
CONFIG = PACKAGE / "tagging.yaml"
STATES = ("training.save_seconds=0.001", "training.keep_state=true")
"""Overrides that save a state after every batch, and keep the last one."""
RUN_COMMANDS = """
import contextlib, io, json, sys
from lrcn_seq import cli
cli.hide_native_logs = lambda: None
results = []
for command in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(command)
    results.append([code, out.getvalue(), err.getvalue()])
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """Install the package and return the environment of a process that can import it."""
    site = tmp_path_factory.mktemp("site")
    source = tmp_path_factory.mktemp("source") / "image_tags"
    # Copy the source, since an installation builds inside its folder.
    subprocess.run(["cp", "-r", str(PACKAGE), str(source)], check=True)
    command = ["install", "-q", "--no-deps", "--no-index", "--no-build-isolation", "--target"]
    subprocess.run([sys.executable, "-m", "pip", *command, site, source], check=True)
    return {**os.environ, "PYTHONPATH": str(site), "TF_CPP_MIN_LOG_LEVEL": "3"}


class Result(NamedTuple):
    """The exit code and the output of one command."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def lrcn(environment):
    """Return a function that runs commands in one process and returns their results.

    The process is shared because loading TensorFlow takes longer than most commands.
    """

    def run(*commands: Sequence[object]) -> list[Result]:
        calls = [[str(argument) for argument in command] for command in commands]
        process = subprocess.run(
            [sys.executable, "-c", RUN_COMMANDS],
            env=environment,
            input=json.dumps(calls),
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 0, process.stderr
        return [Result(*result) for result in json.loads(process.stdout.splitlines()[-1])]

    return run


@pytest.fixture(scope="module")
def run_folder(lrcn, tmp_path_factory) -> Path:
    """Train a run without interruption and return its folder."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    (result,) = lrcn(["train", CONFIG, *STATES, "--run", folder])
    assert result.code == 0, result.err
    return folder


def state_number(folder: Path) -> int:
    """Return the number of a run's last state, or 0 before the first state."""
    pointer = folder / "state" / "last"
    return int(pointer.read_text() or 0) if pointer.exists() else 0


def arrays(path: Path) -> dict[str, bytes]:
    """Return the bytes of all arrays of a weights file by name."""
    found: dict[str, bytes] = {}

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()].tobytes()

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def test_the_parts_are_listed(lrcn):
    """`lrcn parts` lists the task and the source of the package."""
    tasks, sources = lrcn(["parts", "tasks"], ["parts", "sources"])
    assert "tagging" in tasks.out
    assert "tagged_shapes" in sources.out


def test_check_validates_the_config(lrcn):
    """`lrcn check` accepts a valid config and reports the problems that the task finds."""
    valid, invalid = lrcn(["check", CONFIG], ["check", CONFIG, "data.sampling={type: every}"])
    assert valid.code == 0
    assert invalid.code == 2
    assert "data.sampling: tagging reads images" in invalid.err


def test_training_learns(run_folder):
    """Training a task of another package raises F1 and writes the list of tags."""
    rows = [json.loads(line) for line in (run_folder / "history.jsonl").read_text().splitlines()]
    assert 10 <= len(rows) <= 15  # it may stop early, which depends on the processor
    assert max(row["f1"] for row in rows) > 0.8 > rows[0]["f1"]
    colors = json.loads((run_folder / "labels.json").read_text())
    assert colors == sorted(colors)
    assert "red" in colors


def test_a_killed_run_resumes_to_the_same_bits(lrcn, environment, run_folder, tmp_path):
    """After SIGKILL, a resumed run gives bit for bit the results of an uninterrupted run."""
    folder = tmp_path / "run"
    command = ["train", CONFIG, *STATES, "--run", folder]
    process = subprocess.Popen(
        [sys.executable, "-m", "lrcn_seq", *map(str, command)],
        env=environment,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 200
    while state_number(folder) < 37 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert 37 <= state_number(folder) < state_number(run_folder)
    refused, resumed = lrcn(command, [*command, "--resume"])
    assert refused.code == 1
    assert resumed.code == 0, resumed.err
    for name in ("history.jsonl", "predictions.jsonl"):
        assert (folder / name).read_bytes() == (run_folder / name).read_bytes()
    whole = arrays(run_folder / "model.weights.h5")
    assert len(whole) > 5
    assert arrays(folder / "model.weights.h5") == whole


def test_evaluate_and_predict_use_the_package(lrcn, run_folder, tmp_path):
    """The commands evaluate and predict use scores, report section and lines of the package."""
    pixels = np.full((32, 32, 3), 235, np.uint8)
    pixels[4:14, 4:14] = (220, 30, 30)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    (tmp_path / "broken.png").write_bytes(b"")
    files = [tmp_path / "image.png", tmp_path / "broken.png"]
    evaluated, predicted, *refused = lrcn(
        ["evaluate", run_folder, "--split", "dev"],
        ["predict", run_folder, *files, "--json"],
        ["evaluate", run_folder, "--retrieval"],
        ["evaluate", run_folder, "--coco-results", tmp_path / "x.json"],
        ["evaluate", run_folder, run_folder, "--fuse", "--output", tmp_path / "fused"],
        ["caption", run_folder, files[0]],
    )
    assert evaluated.code == 0, evaluated.err
    assert "f1|micro|threshold:0.5" in evaluated.out
    assert "tags per image." in evaluated.out
    assert '<section id="tags">' in (run_folder / "report.html").read_text()
    assert predicted.code == 1
    answer = json.loads(predicted.out)
    assert answer["tags"] == json.loads((run_folder / "labels.json").read_text())
    readable, broken = answer["results"]
    assert "red" in [tag["tag"] for tag in readable["tags"]]
    assert "the file is empty" in broken["error"]
    assert [result.code for result in refused] == [2, 2, 2, 2]
    assert "expected a run that writes captions" in refused[0].err
    assert "supports no ensembles" in refused[2].err
    assert "use `lrcn predict`" in refused[3].err
