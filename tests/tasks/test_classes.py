"""The class names of a classification task."""

import json

import pytest

from lrcn_seq.errors import ArgumentError, DataError, RunError
from lrcn_seq.records import Moment, Sample
from lrcn_seq.tasks import Classes
from tests.tasks.inputs import settings


def learn(*samples) -> Classes:
    return Classes.learn(settings("activity"), samples)


def test_classes_are_sorted():
    """Class names come from all splits in sorted order; samples without a label are ignored."""
    classes = learn(
        Sample("1", "a", "1", "train", label="run"),
        Sample("2", "b", "2", "dev"),
        Sample("3", "c", "3", "test", label="jump"),
        Sample("4", "d", "4", "train", label="run"),
    )
    assert classes.labels == classes.names == ("jump", "run")


def test_moments_have_classes():
    """Both the labels of moments and the labels of whole samples become classes."""
    moments = (Moment(0.0, 1.0, "run"), Moment(1.0, 2.0, "jump"))
    classes = learn(
        Sample("1", "a", "1", "train", moments=moments),
        Sample("2", "b", "2", "train", label="swim"),
    )
    assert classes.labels == ("jump", "run", "swim")


@pytest.mark.parametrize(("label", "received"), [("run", "run"), (None, "no sample with a label")])
def test_fewer_than_two_classes_are_refused(label, received):
    """Learning fewer than two classes raises an error with the labels that were found."""
    with pytest.raises(DataError, match=f"at least two classes. Received: {received}; add"):
        learn(Sample("1", "a", "1", "train", label=label))


def test_saved_classes_are_loaded_unchanged(tmp_path):
    """Class names that are saved and loaded keep their order and non-ASCII characters."""
    path = tmp_path / Classes.file_name
    Classes(["z", "Überschlag"]).save(path)
    assert path.read_text(encoding="utf-8") == '["z", "Überschlag"]'
    assert Classes.load(path).labels == ("z", "Überschlag")


@pytest.mark.parametrize("content", [None, "{", "3"])
def test_damaged_classes_are_an_error(tmp_path, content):
    """A class file that is missing, broken or of the wrong type raises a RunError."""
    path = tmp_path / "labels.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RunError, match=r"labels\.json: expected a list of class names as JSON"):
        Classes.load(path)


def test_numbers_as_names_become_strings(tmp_path):
    """Numbers in a class file are loaded as strings."""
    (tmp_path / "labels.json").write_text(json.dumps([1, 2]))
    assert Classes.load(tmp_path / "labels.json").labels == ("1", "2")


@pytest.mark.parametrize("labels", [-1, 0, "9", 2.0])
def test_no_classes_are_refused(labels):
    """A number of classes that is not a positive integer is refused."""
    with pytest.raises(
        ArgumentError,
        match=rf"labels: expected a number of classes above 0\. Received: labels={labels!r}",
    ):
        Classes.check_size(labels)
