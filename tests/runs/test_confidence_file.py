"""The file of a run with the confidence of its predictions."""

import json
import shutil

import numpy as np
import pytest

import lrcn_seq
from lrcn_seq.errors import RunError
from lrcn_seq.runs import evaluate_runs
from lrcn_seq.runs.confidence_file import restore_confidence, write_confidence
from lrcn_seq.runs.folder import Run


@pytest.fixture
def run(smoke_run, tmp_path):
    """Return a copy of the captioning run."""
    return shutil.copytree(smoke_run, tmp_path / "run")


def test_a_trained_run_has_the_reason_for_its_missing_confidence(run):
    """A training with eight dev images ends with the reason why there is no confidence."""
    record = json.loads((run / "confidence.json").read_text())
    assert record["scaling"] is None
    assert "dev has 8 images, and 20 are needed" in record["good"]["reason"]
    assert "dev has 8 images" in (run / "report.html").read_text()


def test_a_loaded_task_has_the_confidence_of_its_run(run):
    """`lrcn_seq.load` reads the confidence."""
    record = json.loads((run / "confidence.json").read_text())
    task = lrcn_seq.load(run)
    np.testing.assert_array_equal(task.confidence.mean_features, record["mean_features"])


def test_evaluation_fits_the_confidence_of_an_older_run(run):
    """Evaluating a run without the file writes the file that the end of training writes."""
    before = json.loads((run / "confidence.json").read_text())
    (run / "confidence.json").unlink()
    assert lrcn_seq.load(run).confidence is None
    evaluate_runs([str(run)], limit=2)
    assert not (run / "confidence.json").exists()
    evaluate_runs([str(run)])
    after = json.loads((run / "confidence.json").read_text())
    assert after["good"] == before["good"]
    assert after["usual_support"] == pytest.approx(before["usual_support"], abs=1e-4)


@pytest.mark.parametrize("text", ["{", "[]", '{"good": {}}', '{"scaling": null}'])
def test_a_damaged_file_is_reported(run, text):
    """A file that is no confidence is an error that names it."""
    (run / "confidence.json").write_text(text)
    with pytest.raises(RunError, match=r"confidence\.json: expected the confidence"):
        lrcn_seq.load(run)


def test_other_tasks_write_no_file(activity_run, tmp_path):
    """A task that fits no confidence writes and reads no file."""
    assert not (activity_run / "confidence.json").exists()
    task = lrcn_seq.load(activity_run)
    write_confidence(Run(tmp_path), task, None, {"dev": [1], "train": [1]})
    restore_confidence(task, activity_run)
    assert not (tmp_path / "confidence.json").exists()


def test_nothing_is_written_without_samples(run, tmp_path):
    """Without dev samples, there is no file."""
    write_confidence(Run(tmp_path), lrcn_seq.load(run), None, {"dev": [], "train": [1]})
    assert not (tmp_path / "confidence.json").exists()
