"""The classification report compared with definitions that are computed in loops."""

import json
import math

import numpy as np
import pytest

from lrcn_seq import metrics
from lrcn_seq.errors import ArgumentError


def predictions(count=60, classes=7, seed=0):
    """Return random probabilities, true classes and class names; the last class never occurs."""
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(classes, 0.4), count)
    truth = np.where(
        random.random(count) < 0.6,
        probabilities[:, :-1].argmax(1),
        random.integers(classes - 1, size=count),
    )
    return probabilities, truth, [f"class {place}" for place in range(classes)]


def naive(probabilities, truth, labels):
    """Compute all values of the report and all class scores with loops."""
    answers = [max(range(len(labels)), key=lambda c, row=row: row[c]) for row in probabilities]
    ranked = [sorted(range(len(labels)), key=lambda c, row=row: -row[c]) for row in probabilities]
    recalls, table = [], []
    for c in range(len(labels)):
        true = sum(t == c for t in truth)
        predicted = sum(a == c for a in answers)
        both = sum(t == a == c for t, a in zip(truth, answers, strict=True))
        precision, recall = (
            (both / predicted if predicted else None),
            (both / true if true else None),
        )
        recalls += [recall] if true else []
        table.append(
            (precision, recall, 2 * both / (true + predicted) if true + predicted else None, true)
        )
    error = 0
    for m in range(1, 16):
        inside = [i for i, row in enumerate(probabilities) if (m - 1) / 15 < max(row) <= m / 15]
        if inside:
            accuracy = sum(answers[i] == truth[i] for i in inside) / len(inside)
            confidence = sum(max(probabilities[i]) for i in inside) / len(inside)
            error += len(inside) / len(truth) * abs(accuracy - confidence)
    values = {
        "top_1": sum(a == t for a, t in zip(answers, truth, strict=True)) / len(truth),
        "top_5": sum(t in row[:5] for row, t in zip(ranked, truth, strict=True)) / len(truth),
        "mean_class": sum(recalls) / len(recalls),
        "log_loss": -sum(math.log(row[t]) for row, t in zip(probabilities, truth, strict=True))
        / len(truth),
        "calibration": error,
    }
    return values, table


@pytest.mark.parametrize("seed", range(5))
def test_values_equal_the_definitions(seed):
    """Accuracy, top-5, mean recall, log loss and calibration error agree with their definitions."""
    arguments = predictions(seed=seed)
    report = metrics.classification(*arguments)
    values, _ = naive(*arguments)
    assert list(report.values) == ["top_1", "top_5", "mean_class", "log_loss", "calibration"]
    assert report.values == pytest.approx(values, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_class_scores_equal_the_definitions(seed):
    """Precision, recall and F1 of each class agree with their definitions."""
    arguments = predictions(seed=seed)
    report = metrics.classification(*arguments)
    for one, (precision, recall, f1, count) in zip(
        report.per_class, naive(*arguments)[1], strict=True
    ):
        assert one.count == count
        assert (one.precision, one.recall, one.f1) == tuple(
            pytest.approx(value) if value is not None else None for value in (precision, recall, f1)
        )
    assert report.per_class[-1].recall is None


def test_rows_of_the_confusion_matrix_are_the_truth():
    """The rows of the confusion matrix are true classes; the columns are predicted classes."""
    report = metrics.classification([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]], [0, 1, 1], ["a", "b"])
    assert report.confusion.tolist() == [[1, 0], [2, 0]]
    assert report.per_class[0] == ("a", 1, pytest.approx(1 / 3), 1.0, 0.5)
    assert report.per_class[1] == ("b", 2, None, 0.0, 0.0)


def test_a_class_that_neither_occurs_nor_is_predicted_has_no_score():
    """A class that neither occurs nor is predicted has no precision, recall or F1."""
    assert metrics.classification([[1.0, 0.0]], [0], ["a", "b"]).per_class[1] == (
        "b",
        0,
        None,
        None,
        None,
    )


def test_mean_class_averages_over_classes():
    """The mean class accuracy averages over classes instead of clips."""
    report = metrics.classification([[0.9, 0.1, 0.0]] * 10, [0] * 9 + [1], ["a", "b", "never"])
    assert (report.values["top_1"], report.values["mean_class"]) == (0.9, 0.5)


def test_top_5_of_five_classes_is_1_and_of_six_counts():
    """A clip is correct in top-5 accuracy if its true class is among the five most probable."""
    row = [0.3, 0.25, 0.2, 0.15, 0.1]
    assert metrics.classification([row], [4], list("abcde")).values["top_5"] == 1
    assert metrics.classification([[*row, 0.0]], [5], list("abcdef")).values["top_5"] == 0


def test_ties_are_broken_by_the_first_class():
    """Among equally probable classes, the first one is predicted."""
    report = metrics.classification(
        np.full((10, 10), 0.1), np.arange(10), [str(place) for place in range(10)]
    )
    assert (report.values["top_1"], report.values["top_5"]) == (0.1, 0.5)
    assert report.confusion[:, 0].tolist() == [1] * 10


def test_ties_among_many_classes_are_broken_as_by_argmax():
    """Ties among many classes are resolved as by NumPy's argmax."""
    weights = np.random.default_rng(0).integers(1, 4, size=(50, 101))
    report = metrics.classification(
        weights / weights.sum(1, keepdims=True),
        np.zeros(50, int),
        [str(place) for place in range(101)],
    )
    assert report.confusion[0].tolist() == np.bincount(weights.argmax(1), minlength=101).tolist()


def test_probabilities_of_1_and_0_have_a_finite_log_loss():
    """The log loss of a true class with probability 0 is finite."""
    right, wrong = (
        metrics.classification([[1.0, 0.0]], [truth], ["a", "b"]).values for truth in (0, 1)
    )
    assert (right["log_loss"], right["calibration"]) == (0, 0)
    assert wrong["log_loss"] == pytest.approx(-math.log(1e-15))
    assert wrong["calibration"] == 1


def test_bins_hold_confidence_accuracy_and_count():
    """A calibration bin has mean confidence, accuracy and count; an empty bin has only a count."""
    report = metrics.classification([[0.6, 0.4], [0.62, 0.38], [0.65, 0.35]], [0, 1, 0], ["a", "b"])
    assert len(report.bins) == 15
    assert report.bins[8] == (0.6, 1.0, 1)
    assert report.bins[9] == (pytest.approx(0.635), 0.5, 2)
    assert report.bins[0] == (None, None, 0)
    assert (
        metrics.calibration_error(report.bins)
        == report.values["calibration"]
        == pytest.approx((0.4 + 2 * 0.135) / 3)
    )


def test_report_is_json_with_signatures():
    """The classification report is a JSON object with a signature for each value."""
    report = metrics.classification(*predictions())
    stored = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert list(stored) == [
        "metrics",
        "signatures",
        "count",
        "classes",
        "confusion",
        "per_class",
        "bins",
    ]
    assert stored["signatures"].keys() == stored["metrics"].keys()
    assert (
        stored["signatures"]["calibration"]
        == "calibration|error:expected|bins:15|width:equal|confidence:top|classes:7|n:60"
    )
    assert stored["count"] == np.sum(stored["confusion"]) == 60
    assert stored["per_class"][2]["label"] == stored["classes"][2] == "class 2"


def test_half_precision_rows_are_accepted():
    """Probabilities whose sum differs from 1 by half-precision rounding are accepted."""
    probabilities, truth, labels = predictions(classes=101)
    assert (
        metrics.classification(probabilities.astype("float16"), truth, labels).values["log_loss"]
        > 0
    )


@pytest.mark.parametrize(
    ("probabilities", "truth", "labels", "message"),
    [
        (
            np.ones((2, 3)) / 3,
            [0, 1],
            ["a", "b"],
            r"probabilities \(M, C\).*Received: probabilities \(2, 3\), truth \(2,\), 2 labels",
        ),
        (np.ones((2, 2)) / 2, [0], ["a", "b"], r"truth \(1,\)"),
        (np.ones(2) / 2, [0, 1], ["a", "b"], r"probabilities \(2,\)"),
        (
            np.ones((0, 2)),
            np.zeros(0, int),
            ["a", "b"],
            r"at least one clip and one class. Received: probabilities \(0, 2\)",
        ),
        (np.ones((1, 0)), [0], [], r"at least one clip and one class"),
        (np.ones((1, 2)) / 2, [2], ["a", "b"], r"integers from 0 to 1.*truth=\[2\]"),
        (np.ones((1, 2)) / 2, [-1], ["a", "b"], r"truth=\[-1\]"),
        (np.ones((2, 2)) / 2, [-1, 0], ["a", "b"], r"truth=\[-1, 0\]"),
        (np.ones((1, 2)) / 2, [0.0], ["a", "b"], r"integers from 0.*truth=\[0.0\]"),
        (
            [[0.5, 0.5], [0.5, 0.6]],
            [0, 0],
            ["a", "b"],
            r"sum to 1.*1 invalid rows, the first at index 1: \[0.5, 0.6\]",
        ),
        ([[0.5, 0.502]], [0], ["a", "b"], r"sum to 1.*\[0.5, 0.502\]"),
        ([[1.5, -0.5]], [0], ["a", "b"], "nonnegative rows"),
        ([[math.nan, 0.5]], [0], ["a", "b"], r"sum to 1.*\[nan, 0.5\]"),
        (
            np.ones((1, 2)) / 2,
            [0],
            ["a", "a"],
            r"unique name for each class. Received: labels=\['a', 'a'\]",
        ),
        (np.ones((1, 2)) / 2, [0], "ab", "a unique name for each class"),
    ],
)
def test_invalid_arguments_raise(probabilities, truth, labels, message):
    """Invalid shapes, classes, probabilities or labels raise an ArgumentError."""
    with pytest.raises(ArgumentError, match=message):
        metrics.classification(probabilities, truth, labels)
