"""Evaluation of one class label per sample."""

import json

import numpy as np
import pytest

from lrcn_seq.evaluation import evaluate_labels
from lrcn_seq.metrics.scoring.accuracy_interval import wilson_limits
from lrcn_seq.records import Sample

LABELS = ("run", "jump", "swim")
PROBABILITIES = np.array(
    [[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.5, 0.1, 0.4], [0.1, 0.1, 0.8]], "float32"
)
TRUTH = np.array([0, 1, 2, 2], "int32")
SAMPLES = [
    Sample(str(index), f"{index}.avi", group, "test")
    for index, group in enumerate(["a", "a", "b", "b"])
]


@pytest.fixture
def evaluation():
    """Return an evaluation of four samples of three classes; the third prediction is wrong."""
    return evaluate_labels(SAMPLES, PROBABILITIES, TRUTH, LABELS)


def test_whole_samples_are_scored(evaluation):
    """Labels are scored by sample, so `unit` is None."""
    assert evaluation.unit is None


def test_values_are_the_scores_of_the_predictions(evaluation):
    """Accuracy, mean recall per class and log loss agree with their definitions."""
    values = evaluation.values
    assert values["top_1"] == 0.75
    assert values["mean_class"] == pytest.approx((1 + 1 + 1 / 2) / 3)
    assert values["log_loss"] == pytest.approx(-np.log([0.7, 0.6, 0.4, 0.8]).mean())


def test_the_scores_are_shown_as_a_table(evaluation):
    """A notebook shows the scores of an evaluation instead of its samples."""
    assert "<tr><td>top_1</td><td>0.7500</td></tr>" in evaluation._repr_html_()


def test_the_predicted_class_is_the_most_probable(evaluation):
    """The predicted class of a sample is the one with the highest probability."""
    assert evaluation.predicted.tolist() == [0, 1, 0, 2]


def test_rows_describe_each_sample(evaluation):
    """A row has a sample's predicted and true class, group, file and all class probabilities."""
    rows = evaluation.rows()
    assert len(rows) == 4
    assert rows[2] == {
        "id": "2",
        "label": "run",
        "probability": 0.5,
        "truth": "swim",
        "group": "b",
        "file": "2.avi",
        "probabilities": pytest.approx({"run": 0.5, "jump": 0.1, "swim": 0.4}),
    }
    assert json.loads(json.dumps(rows))[3]["label"] == "swim"


def test_the_summary_has_scores_confusion_and_interval(evaluation):
    """The summary has scores, a confusion matrix and an interval over groups."""
    summary = evaluation.summary()
    assert summary["metrics"] == evaluation.values
    assert summary["signatures"].keys() == evaluation.values.keys()
    assert summary["count"] == 4
    assert summary["classes"] == list(LABELS)
    assert summary["confusion"] == [[1, 0, 0], [0, 1, 0], [1, 0, 1]]
    assert summary["groups"] == 2
    assert summary["intervals"] == {"top_1": list(wilson_limits(0.75, 2))}
    json.dumps(summary, allow_nan=False)


def test_the_remark_gives_the_interval(evaluation):
    """The remark states the interval of the accuracy, its method and the number of groups."""
    assert evaluation.remark() == (
        "top_1 95 % interval 0.198 to 0.973 (Wilson over 2 groups, too few for a bootstrap)."
    )
