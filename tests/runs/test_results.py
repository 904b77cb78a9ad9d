"""The result files of a run: predictions, scores and report."""

import json
from types import SimpleNamespace

import keras
import pytest

from lrcn_seq import config, report
from lrcn_seq.records import Sample
from lrcn_seq.runs import Run
from lrcn_seq.runs.results import (
    TrainingRecord,
    evaluation_command,
    model_size,
    report_page,
    scope,
    write_results,
)

SETTINGS = config.validate(
    {
        "task": {"type": "captioning"},
        "data": {"source": {"type": "shapes"}},
        "encoder": {"type": "tiny_cnn"},
        "decoder": {"type": "lrcn"},
    }
)
HISTORY = [{"stage": 0, "epoch": 0, "loss": 1.0, "cider": 0.5, "best": True}]


class Evaluation:
    """A stand-in for an evaluation of two samples."""

    samples = (Sample("1", "a.png", "1", "test"), Sample("2", "b.png", "2", "test"))
    unit = None

    def rows(self):
        return [{"id": "1", "caption": "ein Bär"}, {"id": "2", "caption": "a dog"}]

    def summary(self):
        return {"metrics": {"cider": 0.5}, "signatures": {"cider": "v1"}, "count": 2}


@pytest.fixture
def task():
    """Return a stand-in for a task with one report section and 3 of 11 parameters frozen."""
    trained, frozen = keras.Variable([[0.0] * 4] * 2), keras.Variable([0.0] * 3)
    return SimpleNamespace(
        name="captioning",
        noun="image",
        monitor="cider",
        settings=SETTINGS,
        trainable_weights=[trained],
        count_params=lambda: 8 + frozen.shape[0],
        report_sections=lambda evaluation: [report.section("A section of the task", "", name="x")],
    )


RECORD = TrainingRecord(("3 images are missing.",), HISTORY, [("c.png", "cut")], {"keras": "9.9"})


def test_all_results_are_written(tmp_path, task):
    """`write_results` writes the predictions, scores and report of an evaluation."""
    details = {"limit": 2}
    scores = write_results(Run(tmp_path), task, Evaluation(), RECORD, split="test", details=details)
    assert scores == {**Evaluation().summary(), "split": "test", "limit": 2}
    assert json.loads((tmp_path / "scores.json").read_text()) == scores
    lines = (tmp_path / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == Evaluation().rows()
    assert "Bär" in lines[0]
    assert "captioning: " in (tmp_path / "report.html").read_text()


def test_the_page_shows_the_run(tmp_path, task):
    """The report shows title, samples, sections, skipped files, notes, environment and config."""
    scores = {**Evaluation().summary(), "split": "dev", "limit": 2}
    page = report_page(Run(tmp_path / "my run"), task, Evaluation(), scores, RECORD)
    assert page.title == "captioning: my run"
    named = report_page(Run(tmp_path / "captioning"), task, Evaluation(), scores, RECORD)
    assert named.title == "captioning"
    assert page.subtitle.startswith("2 images of the split dev, the first 2, 2")
    html = report.render(page)
    for text in (
        "A section of the task",
        "3 images are missing.",
        "c.png",
        "9.9",
        f"lrcn evaluate {tmp_path / 'my run'}",
        "tiny_cnn",
        "trained parameters",
    ):
        assert text in html


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({}, []),
        ({"limit": 3}, ["the first 3"]),
        ({"source": {"type": "coco"}}, ["of another source"]),
        ({"fused": {"runs": ["a", "b", "c"]}}, ["fused from a and b and c"]),
        (
            {"limit": 3, "source": {}, "fused": {"runs": ["a", "b"]}},
            ["the first 3", "of another source", "fused from a and b"],
        ),
        ({"rescored": {"by": "c"}}, ["rescored by c"]),
    ],
)
def test_restrictions_of_an_evaluation(scores, expected):
    """The subtitle of a report mentions a sample limit, another data source and fused runs."""
    assert scope(scores) == expected


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({}, "lrcn evaluate out"),
        ({"fused": {"runs": ["a", "b"], "weights": None}}, "lrcn evaluate a b --fuse --output out"),
        (
            {
                "fused": {"runs": ["a", "b"], "weights": [1, 3], "average": "probabilities"},
                "rescored": {"runs": ["a", "b"], "by": "c", "weight": 0.3},
            },
            "lrcn evaluate a b --fuse --weights 1,3 --average probabilities --rescore c "
            "--rescore-weight 0.3 --output out",
        ),
        (
            {"rescored": {"runs": ["a"], "by": "c", "weight": 0.5}},
            "lrcn evaluate a --rescore c --rescore-weight 0.5 --output out",
        ),
    ],
)
def test_the_command_that_repeats_an_evaluation(scores, expected):
    """The report has the command of an evaluation with its runs, weights, mean and rescorer."""
    assert evaluation_command(Run("out"), scores) == expected


def test_the_size_of_a_model(task):
    """The model size states the number of all parameters and of trained parameters."""
    assert model_size(task) == {"parameters": "11", "trained parameters": "8"}


def test_the_record_of_a_training_is_read_from_its_folder(tmp_path):
    """The training record is read from the history, skipped files and environment of a run."""
    run = Run(tmp_path)
    run.write_history(HISTORY)
    (run / "left_out.jsonl").write_text('{"media": "c.png", "reason": "cut"}\n')
    (run / "machine.json").write_text('{"keras": "9.9"}')
    assert TrainingRecord.read(run, RECORD.notes) == RECORD
