"""Checks and names of the inputs of `predict` and `fit`."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.errors import ArgumentError, MediaError
from lrcn_seq.records import LabelPrediction
from lrcn_seq.tasks._media import (
    MediaList,
    check_on_error,
    finish_predictions,
    media_list,
    prediction_name,
    sampling_problems,
)
from tests.tasks.inputs import settings


@pytest.mark.parametrize(
    ("media", "kind"),
    [
        ("cat.jpg", "images"),
        (Path("cat.jpg"), "clips"),
        (Image.new("RGB", (3, 3)), "images"),
        (np.zeros((4, 4, 3), "uint8"), "images"),
        (np.zeros((2, 4, 4, 3), "uint8"), "clips"),
        (np.zeros((2, 5), "float32"), "vectors"),
    ],
    ids=["text", "path", "PIL image", "image", "clip", "vectors"],
)
def test_a_single_input_becomes_a_list_of_one(media, kind):
    """A single path, image, clip or sequence of vectors is a list of one input."""
    inputs = media_list(media, kind)
    assert inputs.is_single
    assert len(inputs.media) == 1


@pytest.mark.parametrize(
    ("media", "kind", "count"),
    [
        ([], "images", 0),
        (["cat.jpg"], "images", 1),
        ((Path("a"), Path("b")), "images", 2),
        (iter(["a", "b"]), "clips", 2),
        (np.zeros((2, 4, 4, 3), "uint8"), "images", 2),
        (np.zeros((3, 2, 4, 4, 3), "uint8"), "clips", 3),
        (np.array([b"a", b"b"]), "images", 2),
    ],
    ids=["empty", "list", "tuple", "iterator", "images", "clips", "bytes"],
)
def test_several_inputs_become_a_list(media, kind, count):
    """Each item of a list, an iterator, or an array of images, clips or paths is one input."""
    inputs = media_list(media, kind)
    assert not inputs.is_single
    assert len(inputs.media) == count


@pytest.mark.parametrize("media", [b"cat.jpg", 5, None, {"a": 1}], ids=type)
def test_other_types_are_refused(media):
    """Bytes, numbers, None and dictionaries are refused as inputs."""
    with pytest.raises(ArgumentError, match=rf"Received: {type(media).__name__}\."):
        media_list(media, "images")


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint32"])
def test_integers_become_pixels(dtype):
    """Integers of any width from 0 to 255 become uint8; 16-bit gray values stay as they are."""
    (image,) = media_list(np.full((2, 2, 3), 200, dtype), "images").media
    assert image.dtype == np.uint8
    assert (image == 200).all()
    (gray,) = media_list(np.full((2, 2), 200, "uint16"), "images").media
    assert gray.dtype == np.uint16


def test_floating_point_pixels_are_rounded():
    """Floating-point pixels from 0 to 255 become uint8; vectors stay as they are."""
    (image,) = media_list(np.full((2, 2, 3), 200.6, "float32"), "images").media
    assert image.dtype == np.uint8
    assert (image == 201).all()
    (vectors,) = media_list(np.full((2, 3), 200.6, "float32"), "vectors").media
    assert vectors.dtype == np.float32


@pytest.mark.parametrize("highest", [1.0, 256.0, -1.0])
def test_scaled_pixels_stay_as_they_are(highest):
    """Floating-point pixels from 0 to 1, or outside of 0 to 255, are left to the reader."""
    pixels = np.linspace(0, highest, 12).reshape(2, 2, 3)
    assert media_list(pixels, "images").media[0] is pixels


def test_predictions_of_one_or_many_inputs():
    """A single input gives its prediction; many inputs give a list of predictions."""
    found = LabelPrediction("a", ())
    assert finish_predictions([found], MediaList(["a"], True), "raise") is found
    assert finish_predictions([found], MediaList(["a"], False), "raise") == [found]


def test_a_failed_prediction_is_raised_or_recorded():
    """The error of a prediction is raised unless `on_error` is "record"."""
    failed, inputs = LabelPrediction("a.mp4", error="no video."), MediaList(["a.mp4"], False)
    with pytest.raises(MediaError, match=r"^a\.mp4: no video\.$"):
        finish_predictions([failed], inputs, "raise")
    assert finish_predictions([failed], inputs, "record") == [failed]
    with pytest.raises(ArgumentError, match="expected 'raise' or 'record'"):
        check_on_error("ignore")


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
