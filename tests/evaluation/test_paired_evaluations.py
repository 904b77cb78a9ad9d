"""Paired significance tests of evaluations of the same samples."""

import numpy as np
import pytest

from lrcn_seq import metrics
from lrcn_seq.config.schema import Evaluation
from lrcn_seq.evaluation import (
    evaluate_captions,
    evaluate_frames,
    evaluate_labels,
    paired_differences,
)
from lrcn_seq.records import Caption, Sample

SETTINGS = Evaluation(metrics=["rouge_l"])


def test_captions_are_compared_by_every_metric():
    """The differences between caption scores are those that `metrics.paired` returns."""
    references = {f"{n}": [f"a dog number {n}"] for n in range(6)}
    samples = [Sample(n, n, n, "test", tuple(group)) for n, group in references.items()]
    systems = {
        "a": {n: f"a dog number {n}" for n in references},
        "b": dict.fromkeys(references, "a dog"),
    }
    evaluations = {
        name: evaluate_captions(
            samples, [Caption(text, 0, 0) for text in system.values()], SETTINGS, unknown="?"
        )
        for name, system in systems.items()
    }
    expected = metrics.paired(systems, references, ["rouge_l"])
    assert paired_differences(evaluations, SETTINGS) == expected
    assert expected[0].difference > 0


def labels_of(right: list[bool], groups: str):
    """Return an evaluation of samples; `right` tells which are classified correctly."""
    samples = [Sample(f"{n}", "", group, "test", label="x") for n, group in enumerate(groups)]
    probabilities = np.array([[1.0, 0.0] if one else [0.0, 1.0] for one in right])
    return evaluate_labels(samples, probabilities, np.zeros(len(right), int), ["x", "y"])


def test_labels_are_compared_by_accuracy_over_groups():
    """Accuracies are compared by bootstrap over groups; a single group gives no comparison."""
    right, wrong = [True] * 8, [True, False] * 4
    (row,) = paired_differences(
        {"a": labels_of(right, "aabbccdd"), "b": labels_of(wrong, "aabbccdd")}, SETTINGS
    )
    assert (row.metric, row.a, row.b, row.difference) == ("top_1", "a", "b", 0.5)
    assert (row.low, row.high) == (0.5, 0.5)  # in b, one of the two clips of every group is wrong
    assert not paired_differences(
        {"a": labels_of(right, "aaaaaaaa"), "b": labels_of(wrong, "aaaaaaaa")}, SETTINGS
    )


def test_frames_are_compared_over_labeled_frames():
    """Frames without a label do not count in the compared accuracies."""
    samples = [Sample(f"{n}", "", f"{n}", "test") for n in range(2)]
    truth = [np.array([0, 1, -1]), np.array([1, 1, -1])]
    times = [np.arange(3.0)] * 2
    right, wrong = ([np.eye(2)[row] for row in table] for table in (truth, [[1, 1, 0], [1, 0, 1]]))
    evaluations = {
        name: evaluate_frames(samples, rows, times, truth, ["x", "y"])
        for name, rows in (("a", right), ("b", wrong))
    }
    (row,) = paired_differences(evaluations, SETTINGS)
    assert row.difference == pytest.approx(0.5)


def test_evaluations_of_another_package_are_not_tested():
    """An evaluation of an unknown type gives no differences."""
    evaluations = {"a": labels_of([True], "a"), "b": object()}
    assert paired_differences(evaluations, SETTINGS) == []
