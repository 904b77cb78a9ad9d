"""Scores of a classifier against definitions written out, and intervals over groups against plain resampling."""

import json
import math

import numpy as np
import pytest

from lrcn_seq import metrics
from lrcn_seq.errors import ArgumentError


def guesses(count=60, classes=7, seed=0):
    """Distributions and truths; the truth is often among the likely ones. The last class never occurs."""
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(classes, 0.4), count)
    truth = np.where(
        random.random(count) < 0.6,
        probabilities[:, :-1].argmax(1),
        random.integers(classes - 1, size=count),
    )
    return probabilities, truth, [f"class {place}" for place in range(classes)]


def naive(probabilities, truth, labels):
    """Everything with loops, from the words of the definitions."""
    answers = [max(range(len(labels)), key=lambda c, row=row: row[c]) for row in probabilities]
    ranked = [sorted(range(len(labels)), key=lambda c, row=row: -row[c]) for row in probabilities]
    recalls, table = [], []
    for c in range(len(labels)):
        true = sum(t == c for t in truth)
        said = sum(a == c for a in answers)
        both = sum(t == a == c for t, a in zip(truth, answers, strict=True))
        precision, recall = (both / said if said else None), (both / true if true else None)
        recalls += [recall] if true else []
        table.append((precision, recall, 2 * both / (true + said) if true + said else None, true))
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
def test_values_are_those_of_the_definitions(seed):
    """All five values, in their order, equal loops over the clips."""
    given = guesses(seed=seed)
    found = metrics.classification(*given)
    values, _ = naive(*given)
    assert list(found.values) == ["top_1", "top_5", "mean_class", "log_loss", "calibration"]
    assert found.values == pytest.approx(values, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_each_class_is_scored_and_what_is_undefined_is_none(seed):
    """Precision, recall, F1 and count of each class; a class that never occurs has no recall."""
    given = guesses(seed=seed)
    found = metrics.classification(*given)
    for one, (precision, recall, f1, count) in zip(found.per_class, naive(*given)[1], strict=True):
        assert one.count == count
        assert (one.precision, one.recall, one.f1) == tuple(
            pytest.approx(value) if value is not None else None for value in (precision, recall, f1)
        )
    assert found.per_class[-1].recall is None


def test_rows_of_the_confusion_matrix_are_the_truth():
    """Two clips of b taken for a stand in row b, column a."""
    found = metrics.classification([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]], [0, 1, 1], ["a", "b"])
    assert found.confusion.tolist() == [[1, 0], [2, 0]]
    assert found.per_class[0] == ("a", 1, pytest.approx(1 / 3), 1.0, 0.5)
    assert found.per_class[1] == ("b", 2, None, 0.0, 0.0)


def test_a_class_that_neither_occurs_nor_is_answered_has_no_score():
    """Nothing to divide by in all three."""
    assert metrics.classification([[1.0, 0.0]], [0], ["a", "b"]).per_class[1] == (
        "b",
        0,
        None,
        None,
        None,
    )


def test_mean_class_weighs_classes_and_not_clips():
    """Nine clips of one class right and the one of the other wrong: 0.9 of the clips, 0.5 of the classes."""
    found = metrics.classification([[0.9, 0.1, 0.0]] * 10, [0] * 9 + [1], ["a", "b", "never"])
    assert (found.values["top_1"], found.values["mean_class"]) == (0.9, 0.5)


def test_top_5_of_five_classes_is_1_and_of_six_counts():
    """With five classes every truth is among the first five; with six the last is not."""
    row = [0.3, 0.25, 0.2, 0.15, 0.1]
    assert metrics.classification([row], [4], list("abcde")).values["top_5"] == 1
    assert metrics.classification([[*row, 0.0]], [5], list("abcdef")).values["top_5"] == 0


def test_of_equal_probabilities_the_first_is_the_answer():
    """A model that says nothing is right about the first class alone, also in the matrix; top-5 of ten equal ones is half."""
    found = metrics.classification(
        np.full((10, 10), 0.1), np.arange(10), [str(place) for place in range(10)]
    )
    assert (found.values["top_1"], found.values["top_5"]) == (0.1, 0.5)
    assert found.confusion[:, 0].tolist() == [1] * 10


def test_the_answer_is_the_first_of_the_likeliest_among_many_classes():
    """Rows of 101 classes in which many are equally likely: the answers are those of NumPy's argmax."""
    weights = np.random.default_rng(0).integers(1, 4, size=(50, 101))
    found = metrics.classification(
        weights / weights.sum(1, keepdims=True),
        np.zeros(50, int),
        [str(place) for place in range(101)],
    )
    assert found.confusion[0].tolist() == np.bincount(weights.argmax(1), minlength=101).tolist()


def test_certain_and_right_is_perfect_and_certain_and_wrong_is_finite():
    """Probability 1 for the truth costs nothing; probability 0 costs much, but is a number that JSON has."""
    right, wrong = (
        metrics.classification([[1.0, 0.0]], [truth], ["a", "b"]).values for truth in (0, 1)
    )
    assert (right["log_loss"], right["calibration"]) == (0, 0)
    assert wrong["log_loss"] == pytest.approx(-math.log(1e-15))
    assert wrong["calibration"] == 1


def test_bins_hold_confidence_accuracy_and_count():
    """Fifteen bins; one on the edge of two belongs to the lower; empty ones say None."""
    found = metrics.classification([[0.6, 0.4], [0.62, 0.38], [0.65, 0.35]], [0, 1, 0], ["a", "b"])
    assert len(found.bins) == 15
    assert found.bins[8] == (0.6, 1.0, 1)
    assert found.bins[9] == (pytest.approx(0.635), 0.5, 2)
    assert found.bins[0] == (None, None, 0)
    assert (
        metrics.calibration_error(found.bins)
        == found.values["calibration"]
        == pytest.approx((0.4 + 2 * 0.135) / 3)
    )


def test_report_is_json_with_signatures():
    """The object has every part, and each value says how it was made."""
    found = metrics.classification(*guesses())
    stored = json.loads(json.dumps(found.as_dict(), allow_nan=False))
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


def test_half_precision_rows_are_taken():
    """Rows that sum to 1 but for the rounding of half precision are distributions."""
    probabilities, truth, labels = guesses(classes=101)
    assert (
        metrics.classification(probabilities.astype("float16"), truth, labels).values["log_loss"]
        > 0
    )


@pytest.mark.parametrize(
    ("probabilities", "truth", "labels", "sentence"),
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
        (np.ones((1, 2)) / 2, [2], ["a", "b"], r"whole numbers from 0 to 1.*truth=\[2\]"),
        (np.ones((1, 2)) / 2, [-1], ["a", "b"], r"truth=\[-1\]"),
        (np.ones((1, 2)) / 2, [0.0], ["a", "b"], r"whole numbers.*truth=\[0.0\]"),
        (
            [[0.5, 0.5], [0.5, 0.6]],
            [0, 0],
            ["a", "b"],
            r"sum to 1.*1 other rows, first row 1: \[0.5, 0.6\]",
        ),
        ([[1.5, -0.5]], [0], ["a", "b"], "nothing negative"),
        ([[math.nan, 0.5]], [0], ["a", "b"], r"sum to 1.*\[nan, 0.5\]"),
        (np.ones((1, 2)) / 2, [0], ["a", "a"], r"no name twice. Received: labels=\['a', 'a'\]"),
        (np.ones((1, 2)) / 2, [0], "ab", "the name of each class"),
    ],
)
def test_what_cannot_be_scored_is_a_sentence(probabilities, truth, labels, sentence):
    """Shapes, truths, rows and names that do not fit, and nothing at all."""
    with pytest.raises(ArgumentError, match=sentence):
        metrics.classification(probabilities, truth, labels)


def test_group_interval_is_that_of_resampled_groups():
    """The ends agree with resampling whole groups one by one, and the value is the mean."""
    random = np.random.default_rng(0)
    groups = [f"video {place}" for place in random.integers(12, size=80)]
    values = (random.random(80) < 0.6).astype(float)
    found = metrics.group_interval(values, groups, samples=20_000)
    members = {
        name: [value for value, group in zip(values, groups, strict=True) if group == name]
        for name in groups
    }
    draws = [
        np.concatenate(
            [members[name] for name in random.choice(sorted(members), len(members))]
        ).mean()
        for _ in range(5_000)
    ]
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx(np.percentile(draws, [2.5, 97.5]), abs=0.01)


def test_groups_that_answer_alike_widen_the_interval():
    """Ten clips a group, all right or all wrong: the interval is that of ten groups, not of a hundred clips."""
    values, groups = np.repeat([1.0, 0.0], 50), [str(place // 10) for place in range(100)]
    together, apart = (
        metrics.group_interval(values, groups),
        metrics.group_interval(values, [str(place) for place in range(100)]),
    )
    assert together.high - together.low > 2.5 * (apart.high - apart.low)


def test_group_interval_is_the_same_for_the_same_seed():
    """Nothing but the seed decides, and groups may come in any order."""
    values, groups = [*np.linspace(0, 1, 30)], [*"abcdefghij" * 3]
    assert metrics.group_interval(values, groups) == metrics.group_interval(
        values[::-1], groups[::-1]
    )
    assert metrics.group_interval(values, groups) != metrics.group_interval(values, groups, seed=1)


def test_one_group_has_a_mean_and_no_interval():
    """How much groups differ cannot be seen in one."""
    assert metrics.group_interval([1.0, 0.0], ["a", "a"]) == ("mean", 0.5, None, None)


@pytest.mark.parametrize(
    ("values", "groups", "sentence"),
    [
        ([1.0, 0.0], ["a"], r"a group for each of M clips. Received: values \(2,\), 1 groups"),
        ([1.0, math.nan], ["a", "b"], "1 values that are no number"),
        ([1.0, 0.0], "ab", "a group for each"),
        ([], [], r"Received: values \(0,\), 0 groups"),
    ],
)
def test_group_interval_of_what_has_none_is_a_sentence(values, groups, sentence):
    """Lengths that differ, no numbers, nothing at all."""
    with pytest.raises(ArgumentError, match=sentence):
        metrics.group_interval(values, groups)
