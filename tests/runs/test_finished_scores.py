"""Lines with the scores of a finished run and their confidence intervals."""

import json

import pytest

from lrcn_seq.errors import RunError
from lrcn_seq.runs.finished_scores import count_samples, file_lines, score_lines
from lrcn_seq.runs.folder import Run


def write_scores(folder, **entries) -> Run:
    """Write `scores.json` into a folder and return the run."""
    scores = {"metrics": {"rouge_l": 0.5}, "count": 8, "split": "test", **entries}
    (folder / "scores.json").write_text(json.dumps(scores))
    return Run(folder)


def test_lines_have_the_intervals_of_the_scores(tmp_path):
    """A score is printed with its interval from `scores.json`, or alone if it has none."""
    run = write_scores(
        tmp_path,
        metrics={"top_1": 0.5, "f1": 0.25},
        intervals={"top_1": [0.25, 0.75]},
        interval_method="bootstrap over 40 groups",
    )
    assert score_lines(run) == [
        "8 samples of test (95 % intervals: bootstrap over 40 groups):",
        "  top_1      0.5000  [0.2500, 0.7500]",
        "  f1         0.2500",
    ]


def test_interval_of_a_single_group_is_left_out(tmp_path):
    """A score whose interval has no ends is printed without an interval."""
    run = write_scores(tmp_path, metrics={"top_1": 0.5}, intervals={"top_1": [None, None]})
    assert score_lines(run)[1] == "  top_1      0.5000"


def test_scores_of_other_tasks_have_no_intervals(tmp_path):
    """Scores without intervals, such as those of a task of another package, are printed alone."""
    assert score_lines(write_scores(tmp_path)) == ["8 samples of test:", "  rouge_l    0.5000"]


def test_number_of_samples_is_in_the_singular_for_one():
    """A single sample is counted in the singular."""
    assert count_samples({"count": 1, "split": "dev"}) == "1 sample of dev"


def test_files_of_the_results_are_named(tmp_path):
    """The lines name the predictions, the scores and the report with their paths."""
    assert file_lines(tmp_path) == [
        f"Predictions: {tmp_path / 'predictions.jsonl'}",
        f"Scores: {tmp_path / 'scores.json'}",
        f"Report: {tmp_path / 'report.html'}",
    ]


def test_damaged_scores_are_an_error(tmp_path):
    """Scores that are not JSON are reported with their file."""
    (tmp_path / "scores.json").write_text("{")
    with pytest.raises(RunError, match=r"scores\.json: expected scores as JSON"):
        score_lines(Run(tmp_path))
