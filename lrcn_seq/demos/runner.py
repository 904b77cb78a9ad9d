"""Run a demo: train, measure, resume an interrupted demo, restart a finished one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from lrcn_seq import config as configs
from lrcn_seq.config import Config
from lrcn_seq.demos.measures import SINGLE_FRAME, Figures, read_test_samples
from lrcn_seq.demos.table import Demo
from lrcn_seq.errors import ConfigError, RunError
from lrcn_seq.files import read_json, write_text
from lrcn_seq.runs.folder import CONFIG, WEIGHTS, Run
from lrcn_seq.training import train

MARKER = "demo.json"
"""The file that distinguishes the run of a demo from a run of the user."""
RESULTS = (
    WEIGHTS,
    "predictions.jsonl",
    "scores.json",
    "report.html",
    "history.jsonl",
    "times.jsonl",
)
SAMPLE_COUNT = 6


def run_demo(demo: Demo) -> Figures:
    """Train and measure a demo.

    An interrupted demo is resumed. A finished demo, or one whose config changed, is restarted.

    Returns:
        The measured values, which are also written to `demo.json`.

    Raises:
        RunError: the folder contains a run that is not a demo, or is in use by another process.
    """
    run, config = Run(demo.folder), configs.read(demo.config)
    prepare_folder(run, config)
    train(config, run.folder, resume=True)
    figures = demo.measure(run)
    write_text(run / MARKER, json.dumps({"finished": True, "figures": figures}, indent=1))
    return figures


def prepare_folder(run: Run, config: Config) -> None:
    """Mark a folder as the run of a demo, and clear it unless the demo can be resumed."""
    is_run = any((run / name).exists() for name in (CONFIG, WEIGHTS))
    if is_run and not (run / MARKER).exists():
        raise RunError(
            f"{run.folder}: expected no run, or the run of a demo. Received: another run; move "
            "this folder, or start the demo from another folder."
        )
    with run.lock():
        if is_finished(run) or not has_config(run, config):
            clear_folder(run)
        write_text(run / MARKER, json.dumps({"finished": False}))


def clear_folder(run: Run) -> None:
    """Remove the training states, the single-frame run and the results of a run, in this order."""
    for folder in ("state", SINGLE_FRAME):
        shutil.rmtree(run / folder, ignore_errors=True)
    for name in RESULTS:
        (run / name).unlink(missing_ok=True)


def is_finished(run: Run) -> bool:
    """Return whether the demo is finished; an unreadable marker counts as unfinished."""
    try:
        return read_json(
            run / MARKER, "the state of the demo", lambda state: state["finished"] is True
        )
    except RunError:
        return False


def has_config(run: Run, config: Config) -> bool:
    """Return whether the run has exactly the given config."""
    try:
        before = configs.read_run(run / CONFIG)
    except ConfigError:
        return False
    return configs.dump(before) == configs.dump(run.complete(config))


def write_samples(demo: Demo, folder: Path) -> list[Path]:
    """Save the first test samples of a demo as files and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = read_test_samples(configs.read(demo.config))[:SAMPLE_COUNT]
    return [demo.save_sample(sample, folder) for sample in samples]
