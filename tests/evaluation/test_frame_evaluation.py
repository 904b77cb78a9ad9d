"""Evaluation of a class label for every frame."""

import json

import numpy as np
import pytest

from lrcn_seq.evaluation import evaluate_frames
from lrcn_seq.metrics.scoring.accuracy_interval import wilson_limits
from lrcn_seq.records import Sample

LABELS = ("run", "jump")
SAMPLES = [Sample("x", "x.avi", "g", "test"), Sample("y", "y.avi", "h", "test")]
PROBABILITIES = [
    np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]),
    np.array([[0.3, 0.7], [0.5, 0.5]]),
]
TIMES = [np.array([0.0, 0.5, 1.0]), np.array([0.0, 0.25])]
TRUTH = [np.array([0, 0, -1]), np.array([1, 0])]


@pytest.fixture
def evaluation():
    """Return an evaluation of five frames: four have a label; the second prediction is wrong."""
    return evaluate_frames(SAMPLES, PROBABILITIES, TIMES, TRUTH, LABELS)


def test_frames_are_scored(evaluation):
    """The unit of a frame evaluation is the frame."""
    assert evaluation.unit == "frame"


def test_values_cover_labeled_frames_only(evaluation):
    """Frames without a label are excluded from the scores."""
    assert evaluation.values["top_1"] == 0.75
    assert evaluation.values["log_loss"] == pytest.approx(-np.log([0.9, 0.2, 0.7, 0.5]).mean())


def test_rows_list_the_labels_of_all_frames(evaluation):
    """A row lists the predicted labels, true labels and times of all frames of a sample.

    Frames without a true label have None.
    """
    rows = evaluation.rows()
    assert rows == [
        {
            "id": "x",
            "labels": ["run", "jump", "run"],
            "truth": ["run", "run", None],
            "times": [0.0, 0.5, 1.0],
            "group": "g",
            "file": "x.avi",
        },
        {
            "id": "y",
            "labels": ["jump", "run"],
            "truth": ["jump", "run"],
            "times": [0.0, 0.25],
            "group": "h",
            "file": "y.avi",
        },
    ]
    assert json.loads(json.dumps(rows)) == rows


def test_the_summary_counts_labeled_frames(evaluation):
    """The summary counts labeled frames, and its interval is over groups of samples."""
    summary = evaluation.summary()
    assert summary["metrics"] == evaluation.values
    assert summary["count"] == 4
    assert summary["confusion"] == [[2, 1], [0, 1]]
    assert summary["groups"] == 2
    assert summary["intervals"] == {"top_1": list(wilson_limits(0.75, 2))}
    json.dumps(summary, allow_nan=False)


def test_the_remark_gives_the_interval(evaluation):
    """The remark states the confidence interval of the accuracy and the number of groups."""
    expected = "top_1 95 % interval 0.198 to 0.973 (Wilson over 2 groups, "
    assert evaluation.remark().startswith(expected)
