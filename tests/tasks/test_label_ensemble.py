"""Class distributions of several tasks together."""

import numpy as np
import pytest

from lrcn_seq.errors import ArgumentError, MediaError
from lrcn_seq.tasks._label_ensemble import LabelEnsemble, check_equal_frames, mean_distribution
from tests.tasks.inputs import fresh_classifier

OTHER = (
    "seed=2",
    "encoder={type: tiny_cnn, size: 40, filters: 2, blocks: 2}",
    "decoder={type: lstm_frames, units: 4}",
)


@pytest.fixture(scope="module")
def tasks():
    """Return two classifiers with different encoders and input sizes."""
    return [fresh_classifier("seed=1"), fresh_classifier(*OTHER)]


def mean(distributions, shares, average) -> np.ndarray:
    """Return the weighted mean (..., C) of two distributions, from its definition."""
    first, second = distributions
    if average == "probabilities":
        return shares[0] * first + shares[1] * second
    powers = first ** shares[0] * second ** shares[1]
    return powers / powers.sum(axis=-1, keepdims=True)


def in_class_order(prediction) -> np.ndarray:
    """Return the probabilities of a prediction in the order of the classes."""
    return np.array([label.probability for label in sorted(prediction.labels)])


@pytest.mark.parametrize("average", ["probabilities", "log_probabilities"])
@pytest.mark.parametrize(
    ("weights", "shares"), [(None, (0.5, 0.5)), ([1.0, 3.0], (0.25, 0.75))], ids=str
)
def test_a_video_has_the_mean_distribution(tasks, films, weights, shares, average):
    """The distribution of a video is the weighted mean of the distributions of the tasks."""
    alone = [task.predict(films, top=3) for task in tasks]
    for first, second, found in zip(
        *alone, LabelEnsemble(tasks, weights, average=average).predict(films, top=3), strict=True
    ):
        rows = in_class_order(first), in_class_order(second)
        assert np.abs(rows[0] - rows[1]).max() > 1e-3
        np.testing.assert_allclose(in_class_order(found), mean(rows, shares, average), atol=1e-6)


@pytest.mark.parametrize("average", ["probabilities", "log_probabilities"])
def test_an_ensemble_of_one_task_is_the_task(tasks, films, average):
    """An ensemble of one task has the labels and probabilities of the task."""
    found = LabelEnsemble(tasks[:1], [1.0], average=average).predict(films)
    for row, expected in zip(found, tasks[0].predict(films), strict=True):
        assert [label.label for label in row.labels] == [label.label for label in expected.labels]
        np.testing.assert_allclose(in_class_order(row), in_class_order(expected), rtol=1e-6)


@pytest.mark.parametrize("average", ["probabilities", "log_probabilities"])
def test_a_stream_has_the_mean_at_every_frame(tasks, films, average):
    """Streaming gives the mean of the distributions of each frame, and of the video so far."""
    ensemble, calls = LabelEnsemble(tasks, [1.0, 3.0], average=average), []
    progress = lambda *call: calls.append(call)  # noqa: E731
    found = list(ensemble.stream_frames(films[0], chunk=2, progress=progress))
    alone = [list(task.stream_frames(films[0], chunk=2)) for task in tasks]
    assert len(found) == len(alone[0]) == len(calls) > 1
    for (times, outputs, overall), *members in zip(found, *alone, strict=True):
        assert (times == members[0][0]).all()
        for position, values in ((1, outputs), (2, overall)):
            rows = [member[position] for member in members]
            np.testing.assert_allclose(values, mean(rows, (0.25, 0.75), average), atol=1e-6)


def test_streams_of_other_frames_are_refused(tasks, films):
    """Tasks that classify different frames cannot be streamed together."""
    other = fresh_classifier("data.sampling={type: every, step: 2}")
    with pytest.raises(ArgumentError, match="Expected runs that classify the same frames"):
        list(LabelEnsemble([tasks[0], other]).stream_frames(films[2]))


def test_an_unreadable_video_is_recorded(tasks, films, tmp_path):
    """A video that cannot be read has an error in its place, or raises it."""
    media = [tmp_path / "absent.mp4", films[0]]
    found = LabelEnsemble(tasks).predict(media, on_error="record")
    assert [bool(row.error) for row in found] == [True, False]
    with pytest.raises(MediaError, match=r"absent\.mp4"):
        LabelEnsemble(tasks).predict(media)


def test_classes_are_those_of_the_tasks(tasks):
    """The class names of an ensemble are those of its tasks."""
    assert LabelEnsemble(tasks).labels == ("a", "b", "c")


def test_a_geometric_mean_of_certain_distributions_is_finite():
    """Classes with a probability of 0 do not make the geometric mean NaN."""
    certain = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    found = mean_distribution(certain, [0.5, 0.5], "log_probabilities")
    np.testing.assert_allclose(found, [0.5, 0.5, 0.0], atol=1e-6)
    weighted = mean_distribution(certain, [0.0, 1.0], "log_probabilities")
    np.testing.assert_allclose(weighted, certain[1], atol=1e-6)


def test_equal_frames_are_accepted():
    """Equal frame numbers of all tasks raise no error, other numbers do."""
    check_equal_frames([np.arange(3), np.arange(3)])
    with pytest.raises(ArgumentError, match=r"different data\.sampling or stride"):
        check_equal_frames([np.arange(3), np.arange(4)])
