"""Lines with the scores of a finished run and their confidence intervals."""

import json

import pytest

from lrcn_seq import config, metrics
from lrcn_seq.errors import RunError
from lrcn_seq.runs.finished_scores import score_limits, score_lines
from lrcn_seq.runs.folder import Run

SPEC = {
    "task": {"type": "captioning"},
    "data": {"source": {"type": "shapes"}},
    "encoder": {"type": "tiny_cnn"},
    "decoder": {"type": "lrcn"},
    "evaluation": {"metrics": ["rouge_l"]},
}
CAPTIONS = {f"{n}": f"a dog number {n}" if n % 2 else "a cat" for n in range(8)}
REFERENCES = {f"{n}": [f"a dog number {n}", "the dog"] for n in range(8)}


@pytest.fixture
def run(tmp_path) -> Run:
    """Return a run with a config and the predictions of eight images."""
    (tmp_path / "config.yaml").write_text(config.dump_run(config.validate(SPEC)))
    rows = [{"id": n, "caption": text, "references": REFERENCES[n]} for n, text in CAPTIONS.items()]
    (tmp_path / "predictions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return Run(tmp_path)


def write_scores(run: Run, **entries) -> dict:
    """Write `scores.json` and return its content."""
    scores = {"metrics": {"rouge_l": 0.5}, "count": 8, "split": "test", **entries}
    (run / "scores.json").write_text(json.dumps(scores))
    return scores


def test_intervals_of_captions_are_those_of_the_bootstrap(run):
    """The intervals of caption scores are computed from the predictions of the run."""
    (expected,) = metrics.intervals(CAPTIONS, REFERENCES, ["rouge_l"])
    assert score_limits(run, write_scores(run)) == {"rouge_l": (expected.low, expected.high)}


def test_lines_have_the_intervals_of_the_scores(run):
    """A score is printed with its interval from `scores.json`, or alone if it has none."""
    write_scores(run, metrics={"top_1": 0.5, "f1": 0.25}, intervals={"top_1": [0.25, 0.75]})
    assert score_lines(run) == [
        "8 samples of test, with 95 % intervals (unreliable below 30 samples):",
        "  top_1      0.5000  [0.2500, 0.7500]",
        "  f1         0.2500",
    ]


def test_interval_of_a_single_group_is_left_out(run):
    """A score whose interval has no ends is printed without an interval."""
    write_scores(run, metrics={"top_1": 0.5}, intervals={"top_1": [None, None]})
    assert score_lines(run)[1] == "  top_1      0.5000"


def test_a_single_sample_has_no_intervals(run):
    """The scores of a single sample are printed without intervals, which would have no width."""
    write_scores(run, count=1, intervals={"rouge_l": [0.5, 0.5]})
    assert score_lines(run) == ["1 sample of test:", "  rouge_l    0.5000"]


def test_predictions_of_other_tasks_have_no_intervals(run):
    """A run has no intervals if its predictions have no captions and its scores no intervals."""
    (run / "predictions.jsonl").write_text('{"id": "1", "tags": []}\n')
    assert score_limits(run, write_scores(run)) == {}


def test_damaged_scores_are_an_error(run):
    """Scores that are not JSON are reported with their file."""
    (run / "scores.json").write_text("{")
    with pytest.raises(RunError, match=r"scores\.json: expected scores as JSON"):
        score_lines(run)
