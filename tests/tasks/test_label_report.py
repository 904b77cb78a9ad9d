"""The report sections of classification tasks."""

import numpy as np
import pytest

from lrcn_seq.evaluation import evaluate_frames, evaluate_labels
from lrcn_seq.tasks._label_report import (
    frame_example,
    informative,
    label_example,
    label_sections,
    probabilities_over_time,
)
from tests.tasks.inputs import array_sample, fresh_classifier, single_clip

LABELS = ("a", "b", "c")
PROBABILITIES = np.array(
    [[0.8, 0.1, 0.1], [0.1, 0.5, 0.4], [0.2, 0.7, 0.1], [0.05, 0.05, 0.9], [0.6, 0.3, 0.1]]
)
TRUTH = np.array([0, 1, 0, 1, 2])


@pytest.fixture(scope="module")
def task():
    """Return an untrained causal classifier of three classes."""
    return fresh_classifier()


@pytest.fixture(scope="module")
def samples(films):
    """Return five labeled clips."""
    return [array_sample(f"clip{i}", films[i % 3], label=LABELS[TRUTH[i]]) for i in range(5)]


@pytest.fixture(scope="module")
def evaluation(samples):
    """Return an evaluation with two correct and three wrong predictions."""
    return evaluate_labels(samples, PROBABILITIES, TRUTH, LABELS)


@pytest.fixture(scope="module")
def in_time(films):
    """Return an evaluation of the frames of two clips with 25 frames per second."""
    samples = [array_sample(f"clip{index}", films[index]) for index in range(2)]
    counts = [len(film) for film in films[:2]]
    rows = [np.tile([0.2, 0.3, 0.5], (count, 1)) for count in counts]
    times = [np.arange(count) / 25 for count in counts]
    return evaluate_frames(samples, rows, times, [np.full(c, 2) for c in counts], LABELS)


def test_confident_errors_and_unsure_correct_predictions_are_informative(evaluation):
    """The most confident errors come first, then the least confident correct predictions."""
    assert informative(evaluation) == [3, 2, 4, 1, 0]


def test_at_most_twelve_of_each_kind_are_shown(task, samples):
    """At most 12 errors and 12 correct predictions are shown, along with their total numbers."""
    probabilities = np.tile([0.5, 0.3, 0.2], (35, 1))
    truth = np.repeat([0, 1], [20, 15])
    evaluation = evaluate_labels(samples * 7, probabilities, truth, LABELS)
    assert len(informative(evaluation)) == 24
    *_, clips = label_sections(task, evaluation)
    assert "Misclassified <span>12 of 15</span>" in clips.html
    assert "Correct <span>12 of 20</span>" in clips.html


def test_sections_cover_samples(task, evaluation):
    """The report on samples has confusion, per-class, calibration and example sections."""
    confusion, per_class, calibration, clips = label_sections(task, evaluation)
    assert [section.name for section in (confusion, per_class, calibration, clips)] == [
        "confusion",
        "per-class",
        "calibration",
        "clip-examples",
    ]
    assert "the clips of one confidence interval" in calibration.html
    assert all(f"clip{index}" in clips.html for index in range(5))


def test_sections_cover_frames(task, in_time):
    """A report on labeled frames computes the calibration over frames and shows every clip."""
    *_, calibration, clips = label_sections(task, in_time)
    assert "the frames of one confidence interval" in calibration.html
    assert "clip0" in clips.html
    assert "clip1" in clips.html


def test_an_example_has_the_probabilities_of_truth_and_prediction(task, evaluation, samples):
    """A wrong prediction is shown with the probabilities of its true and predicted labels."""
    example = label_example(task, evaluation, 3)
    assert (example.name, example.true_label, example.predicted) == ("clip3", "b", "c")
    assert example.probability == 0.9
    assert [label for label, _ in example.top] == ["c", "a", "b"]
    assert list(example.over_time) == ["b", "c"]
    expected, _ = task.probabilities(single_clip(samples[3].media))
    np.testing.assert_allclose(example.over_time["b"], expected[0, :, 1], atol=1e-5)
    np.testing.assert_allclose(example.times, np.arange(len(samples[3].media)) / 25)
    assert 1 <= len(example.frames) <= 6


def test_a_correct_prediction_has_one_curve(task, evaluation):
    """A correct prediction has one probability curve, since truth and prediction are equal."""
    assert list(label_example(task, evaluation, 0).over_time) == ["a"]


def test_a_decoder_that_needs_the_whole_clip_has_no_curves(evaluation, samples):
    """With a decoder that needs the whole clip, examples have no probability curves."""
    task = fresh_classifier("decoder={type: lstm_frames, units: 4, bidirectional: true}")
    times, rows = probabilities_over_time(task, samples[0])
    assert (times.shape, rows.shape) == ((0,), (0, 3))
    example = label_example(task, evaluation, 0)
    assert (example.times, example.over_time) == ([], {})


def test_an_example_in_time_has_the_most_probable_labels(task, in_time, films):
    """The example of a clip with frame labels orders labels by mean probability."""
    example = frame_example(task, in_time, 1)
    assert (example.name, example.true_label, example.predicted) == ("clip1", None, "c")
    assert example.probability == pytest.approx(0.5)
    assert list(example.over_time) == ["c", "b", "a"]
    assert example.over_time["b"] == pytest.approx([0.3] * len(films[1]))
    assert example.times == pytest.approx((np.arange(len(films[1])) / 25).tolist())


def test_a_few_clips_have_heat_maps(task, evaluation, monkeypatch):
    """Two errors and two correct clips have frames with Grad-CAM; other examples have none."""
    shown = []
    monkeypatch.setattr(
        "lrcn_seq.report.clip_examples", lambda examples, **counts: shown.extend(examples)
    )
    label_sections(task, evaluation)
    explained = [example for example in shown if example.heat_maps]
    wrong = [example.true_label != example.predicted for example in explained]
    assert sorted(wrong) == [False, False, True, True]
    assert len(shown) == 5


def test_vectors_have_no_heat_maps():
    """The clips of an encoder without feature maps have no Grad-CAM."""
    task = fresh_classifier("encoder={type: vectors, width: 4}")
    samples = [array_sample("a", np.zeros((5, 4), "float32"), label="a")]
    evaluation = evaluate_labels(samples, PROBABILITIES[:1], TRUTH[:1], LABELS)
    assert label_example(task, evaluation, 0, is_explained=True).heat_maps == ()
