"""Explanations of captions and classes."""

import numpy as np
import pytest

from lrcn_seq.errors import ArgumentError, UsageError
from lrcn_seq.records import CaptionPrediction
from lrcn_seq.tasks._grad_cam import class_maps, word_maps
from lrcn_seq.tasks._task_explanation import region_grid
from tests.tasks.inputs import fresh_captioner, fresh_classifier, single_clip

ATTENTION = "decoder={type: attention_lstm, units: 8, embedding: 4, attention: 4}"


@pytest.fixture(scope="module")
def captioner():
    """Return an untrained captioner with attention over the regions of an image."""
    return fresh_captioner(ATTENTION)


@pytest.fixture(scope="module")
def task():
    """Return an untrained classifier."""
    return fresh_classifier()


def test_a_caption_of_the_user(captioner, images):
    """The explanation of a caption has the words, their Grad-CAM and their attention."""
    found = captioner.explain(images[0], "a red dog")
    ids = captioner.tokenizer.encode("a red dog")
    clip = captioner.read_clip(images[0])
    assert (found.words, found.text, found.file) == (("a", "red", "dog"), "a red dog", "0")
    assert np.allclose(found.maps, word_maps(captioner, clip, ids), atol=1e-6)
    assert np.array_equal(found.frames, clip.frames)
    weights = captioner.attention(clip, np.array([ids], "int32"))
    assert np.allclose(found.attention.reshape(3, -1), weights[0], atol=1e-6)
    assert found.times == ()


def test_the_prediction_is_explained(captioner, images):
    """Without a target, or with a prediction, the best caption is explained."""
    prediction = captioner.predict(images[0])
    found = captioner.explain(images[0])
    assert found.text == prediction.captions[0].text
    assert np.allclose(captioner.explain(images[0], prediction).maps, found.maps)


@pytest.mark.parametrize("target", [5, CaptionPrediction("a.jpg", error="unreadable")])
def test_a_target_of_another_type(captioner, images, target):
    """A target that is neither a text nor a prediction with captions is an error."""
    with pytest.raises(ArgumentError, match=r"target: expected a caption, or a prediction"):
        captioner.explain(images[0], target)


def test_a_list_gives_a_list(captioner, images):
    """A list of images has a list of explanations; an empty list has none."""
    found = captioner.explain(images[:2], "a dog")
    assert [explanation.file for explanation in found] == ["0", "1"]
    assert captioner.explain([]) == []


def test_long_captions_are_cut(captioner, images):
    """Words after `data.words_limit` are left out."""
    limit = captioner.settings.data.words_limit
    found = captioner.explain(images[0], "dog " * (limit + 3))
    assert found.maps.shape[0] == len(found.words) == limit


def test_classes_of_a_clip(task, films):
    """A class has a map per frame, with the times of the frames; `top` explains several classes."""
    film = films[0]
    found = task.explain(film, "b")
    assert found.words == ("b",)
    assert np.allclose(found.maps, class_maps(task, single_clip(film), [1]), atol=1e-6)
    assert len(found.times) == len(found.frames) == found.maps.shape[1] == len(film)
    top = [label.label for label in task.predict(film, top=2).labels]
    assert task.explain(film, top=2).words == tuple(top)


def test_an_unknown_class(task, films):
    """An unknown class is an error that lists the known ones."""
    with pytest.raises(ArgumentError, match=r"Expected a class .* Received: 'd'; known: a, b, c"):
        task.explain(films[0], "d")


def test_the_likeliest_clip_is_explained(films):
    """Of several clips of a video, the one with the highest probability of the class is shown."""
    task = fresh_classifier("data.sampling={type: sliding, length: 2, stride: 2}")
    film = films[-1]
    clips = task.sampling.test(task.media.times(film))
    assert len(clips) > 1
    means = [task.probabilities(single_clip(film[clip]))[0].mean((0, 1))[2] for clip in clips]
    found = task.explain(film, "c")
    assert np.array_equal(found.frames, film[clips[int(np.argmax(means))]])


def test_a_step_of_several_frames(films):
    """An encoder with a stride has a map per step, shown over the first frame of the step."""
    task = fresh_classifier(
        "encoder={type: conv3d, size: 32, filters: 4, blocks: 2, stride: 2}",
        "decoder={type: frame_mean}",
    )
    found = task.explain(films[0], "a")
    steps = -(-len(films[0]) // 2)
    assert found.maps.shape == (1, steps, 8, 8)
    assert len(found.times) == steps
    assert np.array_equal(found.frames, films[0][::2])


def test_vectors_are_refused():
    """A run of vectors has no images to explain, which is an error also for an empty list."""
    task = fresh_classifier("encoder={type: vectors, width: 4}")
    with pytest.raises(UsageError, match="Grad-CAM: expected an encoder"):
        task.explain([])


@pytest.mark.parametrize(
    ("regions", "grid"), [(49, (7, 7)), (16, (4, 4)), (3, (3, 1)), (1, (1, 1))]
)
def test_grid_of_regions(regions, grid):
    """Regions are those of the map, a smaller square, or bands."""
    assert region_grid(regions, (7, 7)) == grid
    assert region_grid(6, (2, 3)) == (2, 3)
