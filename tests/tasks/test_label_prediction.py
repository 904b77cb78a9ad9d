"""The method `predict` of tasks that classify videos."""

import numpy as np
import pytest

from lrcn_seq.errors import ArgumentError
from tests.tasks.inputs import fresh_classifier


def test_labels_are_sorted_by_probability(classifier, films):
    """`predict` returns the `top` most probable labels; all probabilities sum to 1."""
    (three,) = classifier.predict(films[:1], top=3)
    (every,) = classifier.predict(films[:1], top=99)
    assert three.labels == every.labels[:3]
    probabilities = [label.probability for label in every.labels]
    assert probabilities == sorted(probabilities, reverse=True)
    assert len(probabilities) == len(classifier.labels)
    assert sum(probabilities) == pytest.approx(1, abs=1e-6)


def test_equal_probabilities_keep_the_order_of_the_classes():
    """Classes with equal probabilities keep the order of the class list."""
    task = fresh_classifier()
    assert task.top_labels(np.array([0.3, 0.4, 0.3]), 3) == (("b", 0.4), ("a", 0.3), ("c", 0.3))


def test_an_unreadable_video_has_an_error_in_its_place(classifier, films, tmp_path):
    """The prediction of an unreadable video has an error message; other videos are classified."""
    media = [tmp_path / "absent.mp4", films[0]]
    first, second = classifier.predict(media, on_error="record")
    assert first.file == str(tmp_path / "absent.mp4")
    assert "there is no such file" in first.error
    assert first.labels == ()
    assert second.labels


@pytest.mark.parametrize("options", [{"top": 0}, {"batch": 0}])
def test_invalid_options_are_refused(classifier, films, options):
    """`predict` raises an ArgumentError when `top` or `batch` is less than 1."""
    with pytest.raises(ArgumentError, match=r"top and batch: expected at least 1\. Received: top="):
        classifier.predict(films, **options)


def test_probabilities_of_frames_are_those_of_the_stream(classifier, films, tmp_path):
    """With `per_frame`, a prediction has the distribution and the time of each frame."""
    ((times, outputs, overall),) = classifier.stream_frames(films[0], chunk=100)
    (prediction,) = classifier.predict([films[0]], per_frame=True, top=2)
    np.testing.assert_allclose(prediction.frames, outputs, atol=1e-6)
    assert prediction.times == times.tolist()
    assert prediction.labels[0].probability == pytest.approx(overall[-1].max(), rel=1e-5)
    assert list(prediction.row()) == ["file", "labels", "frames", "times"]
    assert prediction.lines() == prediction.clip.lines()
    path = tmp_path / "absent.mp4"
    (failed,) = classifier.predict([path], per_frame=True, on_error="record")
    assert failed.row() == {"file": str(path), "error": failed.error}


def test_a_long_video_is_refused_frame_by_frame(classifier, films, monkeypatch):
    """With `per_frame`, a video beyond the limit of the reader is refused."""
    monkeypatch.setattr(classifier.media, "seconds_limit", 0.05)
    (prediction,) = classifier.predict([films[-1]], per_frame=True, on_error="record")
    assert "expected at most 0.05 seconds of video" in prediction.error
