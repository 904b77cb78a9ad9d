"""A task of another package runs through every command, without a change to the library."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

PACKAGE = Path(__file__).with_name("image_tags")
CONFIG = PACKAGE / "tagging.yaml"
STATE_AFTER_EVERY_BATCH = "training.save_seconds=0.001"


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """The environment of a process in which the package is installed."""
    site = tmp_path_factory.mktemp("site")
    source = tmp_path_factory.mktemp("source") / "image_tags"
    # Copied, since an installation builds inside the source.
    subprocess.run(["cp", "-r", str(PACKAGE), str(source)], check=True)
    command = ["install", "-q", "--no-deps", "--no-index", "--no-build-isolation", "--target"]
    subprocess.run([sys.executable, "-m", "pip", *command, site, source], check=True)
    return {**os.environ, "PYTHONPATH": str(site), "TF_CPP_MIN_LOG_LEVEL": "3"}


@pytest.fixture(scope="module")
def lrcn(environment):
    """A function that runs `lrcn` in a process of its own and returns its result."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "lrcn_seq", *map(str, arguments)]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture(scope="module")
def run_folder(lrcn, tmp_path_factory) -> Path:
    """A run that was never interrupted."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    result = lrcn("train", CONFIG, STATE_AFTER_EVERY_BATCH, "--run", folder)
    assert result.returncode == 0, result.stderr
    return folder


def state_number(folder: Path) -> int:
    """Return the number of the last state of a run; 0 before the first."""
    pointer = folder / "state" / "last"
    return int(pointer.read_text() or 0) if pointer.exists() else 0


def arrays(path: Path) -> dict[str, bytes]:
    """Return the bytes of all arrays of a weights file."""
    found: dict[str, bytes] = {}

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()].tobytes()

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def test_the_parts_are_listed(lrcn):
    """`lrcn parts` lists the task and the source of the package."""
    assert "tagging" in lrcn("parts", "tasks").stdout
    assert "tagged_shapes" in lrcn("parts", "sources").stdout


def test_check_validates_the_config(lrcn):
    """A valid config passes; the problems that the task finds are reported."""
    assert lrcn("check", CONFIG).returncode == 0
    result = lrcn("check", CONFIG, "data.sampling={type: every}")
    assert result.returncode == 2
    assert "data.sampling: tagging reads images" in result.stderr


def test_training_learns(run_folder):
    """The best dev score is far above the first one, and the outputs are those of the package."""
    rows = [json.loads(line) for line in (run_folder / "history.jsonl").read_text().splitlines()]
    assert len(rows) == 15
    assert max(row["f1"] for row in rows) > 0.8 > rows[0]["f1"]
    colors = json.loads((run_folder / "labels.json").read_text())
    assert colors == sorted(colors)
    assert "red" in colors


def test_a_killed_run_resumes_to_the_same_bits(lrcn, environment, run_folder, tmp_path):
    """SIGKILL in the middle of training leaves no trace in weights, history and predictions."""
    folder = tmp_path / "run"
    command = [CONFIG, STATE_AFTER_EVERY_BATCH, "--run", folder]
    process = subprocess.Popen(
        [sys.executable, "-m", "lrcn_seq", "train", *map(str, command)],
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
    assert lrcn("train", *command).returncode == 1
    result = lrcn("train", *command, "--resume")
    assert result.returncode == 0, result.stderr
    for name in ("history.jsonl", "predictions.jsonl"):
        assert (folder / name).read_bytes() == (run_folder / name).read_bytes()
    whole = arrays(run_folder / "model.weights.h5")
    assert len(whole) > 5
    assert arrays(folder / "model.weights.h5") == whole


def test_evaluate_scores_and_reports(lrcn, run_folder):
    """The scores of the package are printed, and the report has its section."""
    result = lrcn("evaluate", run_folder, "--split", "dev")
    assert result.returncode == 0, result.stderr
    assert "f1|micro|threshold:0.5" in result.stdout
    assert "tags per image." in result.stdout
    page = (run_folder / "report.html").read_text()
    assert '<section id="tags">' in page
    assert "<th" in page[page.index('id="tags"') :]


def test_options_of_other_tasks_are_refused(lrcn, run_folder):
    """Options that need captions, and fusing runs, are errors of the call."""
    for arguments in (["--retrieval"], ["--coco-results", "x.json"], [run_folder]):
        result = lrcn("evaluate", run_folder, *arguments)
        assert result.returncode == 2, arguments
        assert "Traceback" not in result.stderr


def test_predict_prints_tags(lrcn, run_folder, tmp_path):
    """Predictions are printed as the package defines them; an unreadable file is named."""
    pixels = np.full((32, 32, 3), 235, np.uint8)
    pixels[4:14, 4:14] = (220, 30, 30)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    (tmp_path / "broken.png").write_bytes(b"")
    files = [tmp_path / "image.png", tmp_path / "broken.png"]
    result = lrcn("predict", run_folder, *files, "--json")
    assert result.returncode == 1
    answer = json.loads(result.stdout)
    assert answer["tags"] == json.loads((run_folder / "labels.json").read_text())
    readable, broken = answer["results"]
    assert "red" in [tag["tag"] for tag in readable["tags"]]
    assert "the file is empty" in broken["error"]


def test_commands_of_other_tasks_name_the_right_one(lrcn, run_folder):
    """`lrcn caption` refuses the run and offers `lrcn predict`."""
    result = lrcn("caption", run_folder, "x.png")
    assert result.returncode == 2
    assert "use `lrcn predict`" in result.stderr
