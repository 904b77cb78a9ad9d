"""The description of an artifact, and runs whose inputs a script cannot read."""

import json

import pytest

from lrcn_seq.errors import UsageError
from lrcn_seq.export.artifact import (
    check_inputs,
    describe_resizing,
    describe_sampling,
    read_scores,
)
from tests.tasks.inputs import fresh_captioner, fresh_classifier


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["encoder={type: vectors, width: 3}"], "Received: vectors, which takes vectors"),
        (["data.frames=flow"], "data.frames: expected rgb.*Received: flow"),
        (["data.view={type: ten_crop}"], "Received: ten_crop, whose 10 crops"),
    ],
)
def test_inputs_without_a_script_are_refused(overrides, message):
    """Vectors, optical flow and views of several crops are refused."""
    with pytest.raises(UsageError, match=message):
        check_inputs(fresh_classifier(*overrides))


def test_a_margin_enlarges_the_size_at_which_images_are_read():
    """An image is resized to the size of the network times the margin of the view."""
    task = fresh_captioner("data.view={type: crop_mirror, margin: 1.25}")
    check_inputs(task)
    assert describe_resizing(task) == {
        "rule": "stretch",
        "height": 40,
        "width": 40,
        "interpolation": "bilinear",
        "reducing_gap": 3.0,
    }


def test_a_sampling_has_all_of_its_arguments():
    """Default arguments of the sampling are described as well; images have no sampling."""
    assert describe_sampling(fresh_classifier("data.sampling={type: every, step: 2}")) == {
        "type": "every",
        "step": 2,
        "seconds": None,
        "most": None,
    }
    assert describe_sampling(fresh_captioner()) is None


def test_scores_are_those_of_the_last_evaluation(tmp_path):
    """The scores of the run are copied; a run that was not evaluated has none."""
    assert read_scores(tmp_path) is None
    scores = {"split": "test", "count": 3, "metrics": {"cider": 0.5}, "signatures": {}}
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    assert read_scores(tmp_path) == {"split": "test", "count": 3, "metrics": {"cider": 0.5}}
