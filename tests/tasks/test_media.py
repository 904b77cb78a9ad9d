"""Checks and names of the inputs of `predict`."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.errors import ArgumentError
from lrcn_seq.tasks._media import check_media_list, prediction_name, sampling_problems
from tests.tasks.inputs import settings


@pytest.mark.parametrize(
    "media",
    [
        "cat.jpg",
        b"cat.jpg",
        5,
        None,
        np.zeros((32, 32, 3), "uint8"),
        {"a": 1},
        Image.new("RGB", (3, 3)),
        Path("cat.jpg"),
    ],
    ids=lambda media: type(media).__name__,
)
def test_a_single_input_is_refused(media):
    """A single path, image or array in place of a list of inputs is refused."""
    with pytest.raises(
        ArgumentError,
        match=rf"expected a list of paths, PIL images or arrays\. Received: "
        rf"{type(media).__name__}; put a single input in a list",
    ):
        check_media_list(media)


@pytest.mark.parametrize(
    "media",
    [[], ["cat.jpg"], (Path("cat.jpg"),), np.zeros((2, 4, 4, 3), "uint8")],
    ids=["empty", "list", "tuple", "array of images"],
)
def test_lists_of_inputs_are_accepted(media):
    """Lists, tuples and arrays of images are accepted as inputs."""
    check_media_list(media)


def test_an_input_is_named_by_its_path_or_its_number():
    """An input is named by its path, or else by its number in the call."""
    media = ["a.jpg", Path("b.jpg"), np.zeros((2, 2, 3))]
    assert [prediction_name(media, position) for position in range(3)] == ["a.jpg", "b.jpg", "2"]
    assert prediction_name(media, 2, 40) == "42"
    assert prediction_name(media, 0, 40) == "a.jpg"


def test_videos_need_a_sampling():
    """Video tasks require `data.sampling` in the config."""
    assert sampling_problems(settings("activity")) == []
    (problem,) = sampling_problems(settings("activity", "data.sampling=null"))
    assert str(problem).startswith("data.sampling: missing: choose the frames of a video")
