"""Running a demo for the first time, repeatedly, after an interruption, and beside other runs."""

import json
import shutil

import pytest

from lrcn_seq import config as configs
from lrcn_seq.demos.runner import (
    MARKER,
    RESULTS,
    has_config,
    is_finished,
    prepare_folder,
    run_demo,
    write_samples,
)
from lrcn_seq.errors import RunError
from lrcn_seq.runs.folder import Run
from lrcn_seq.training import train
from lrcn_seq.training.trainer import Trainer


@pytest.fixture
def demo(make_small_demo, tmp_path):
    """Return a small captioning demo whose folder does not exist yet."""
    return make_small_demo("captioning", tmp_path)


@pytest.fixture
def copied_run(finished_run, demo) -> Run:
    """Return a copy of a finished run in the folder of the demo."""
    shutil.copytree(finished_run.folder, demo.folder)
    return Run(demo.folder)


def test_finished_demo_has_figures_and_a_report(finished_run):
    """A finished demo has a report, and its measured values are in the marker file."""
    marker = json.loads((finished_run / "demo.json").read_text())
    assert marker["finished"] is True
    assert list(marker["figures"]) == ["count", "exact", "bleu_4", "shuffled_bleu_4"]
    assert marker["figures"]["count"] == 8
    assert (finished_run / "report.html").stat().st_size > 1000


def test_finished_demo_starts_over(copied_run, demo):
    """Restarting a finished demo removes states and results, and keeps other files."""
    (copied_run / "note.txt").write_text("mine")
    (copied_run / "single_frame").mkdir()
    prepare_folder(copied_run, configs.read(demo.config))
    left = {path.name for path in copied_run.folder.iterdir()}
    assert not left & {"state", "single_frame", *RESULTS}
    assert {"note.txt", MARKER} <= left
    assert not is_finished(copied_run)


def test_demo_of_another_config_starts_over(copied_run, make_small_demo, tmp_path):
    """A demo whose config has changed, as after an update, starts over."""
    (copied_run / MARKER).write_text('{"finished": false}')
    other = make_small_demo("captioning", tmp_path, "training.epochs=1")
    prepare_folder(copied_run, configs.read(other.config))
    assert not copied_run.has_begun


@pytest.mark.parametrize("marker", ['{"finished": false}', '{"finis', "[]", "{}"])
def test_unfinished_demo_is_kept(copied_run, demo, marker):
    """An unfinished demo is kept, even if its marker file is damaged."""
    (copied_run / MARKER).write_text(marker)
    prepare_folder(copied_run, configs.read(demo.config))
    assert copied_run.has_begun
    assert not is_finished(copied_run)


@pytest.mark.parametrize("lost", [[], ["history.jsonl"], ["config.yaml"]])
def test_run_of_the_user_is_left_alone(copied_run, demo, lost):
    """A demo refuses a folder that has a run but no marker, even if only weights remain."""
    for name in [MARKER, *lost]:
        (copied_run / name).rename(copied_run / f"old.{name}")
    weights = (copied_run / "model.weights.h5").read_bytes()
    with pytest.raises(RunError, match="expected no run, or the run of a demo"):
        run_demo(demo)
    assert (copied_run / "model.weights.h5").read_bytes() == weights
    assert copied_run.has_begun == (not lost)


def test_demo_of_another_process_is_left_alone(copied_run, demo):
    """A demo that another process has locked remains unchanged."""
    with copied_run.lock(), pytest.raises(RunError, match="another process"):
        run_demo(demo)
    assert copied_run.has_begun
    assert is_finished(copied_run)


def test_stopped_demo_continues(demo, monkeypatch):
    """An interrupted demo continues after its last finished epoch."""
    run, config = Run(demo.folder), configs.read(demo.config)
    prepare_folder(run, config)
    evaluate = Trainer._evaluate

    def stop(trainer: Trainer) -> None:
        if run.history():
            raise KeyboardInterrupt
        evaluate(trainer)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Trainer, "_evaluate", stop)
        train(config, demo.folder, resume=True)
    run_demo(demo)
    times = (run / "times.jsonl").read_text().splitlines()
    assert [json.loads(row)["epoch"] for row in times] == [0, 1]
    assert is_finished(run)


def test_folder_without_a_config_has_another(tmp_path, demo):
    """`has_config` is false for a folder without a config."""
    assert not has_config(Run(tmp_path / "absent"), configs.read(demo.config))


def test_samples_are_written_as_files(demo, tmp_path):
    """`write_samples` saves the first six test samples of a demo as files."""
    files = write_samples(demo, tmp_path / "samples")
    assert [path.name for path in files] == [f"test-0000{number}.png" for number in range(6)]
    assert sorted((tmp_path / "samples").iterdir()) == files
