"""Images of samples for the examples of a report."""

import numpy as np
import pytest

from lrcn_seq.tasks._report_images import example_images
from tests.tasks.inputs import array_sample, fresh_captioner, fresh_classifier


@pytest.fixture(scope="module")
def clip():
    """Return a sample of 20 frames in which frame n has gray value n."""
    frames = np.arange(20, dtype="uint8")[:, None, None, None] * np.ones((8, 8, 3), "uint8")
    return array_sample("clip", frames)


def grays(images) -> list[int]:
    """Return the gray value in the center of each image."""
    return [image.getpixel((image.width // 2, image.height // 2))[0] for image in images]


def test_an_image_is_shown_whole():
    """The report shows the whole image with its aspect ratio, without the encoder's crop."""
    task = fresh_captioner("data.view={type: crop_mirror, margin: 1.5}")
    pixels = np.full((10, 20, 3), 200, "uint8")
    pixels[:, :2] = (255, 0, 0)
    (image,) = example_images(task, array_sample("a", pixels))
    assert image.size == (256, 256)
    assert image.getpixel((2, 128))[1] < 50, "the left edge is visible"
    assert image.getpixel((128, 10)) == (0, 0, 0), "the border is black"


def test_an_image_may_be_stretched():
    """With `resize="stretch"`, the image fills the square without a border."""
    task = fresh_captioner()
    sample = array_sample("a", np.full((10, 20, 3), 200, "uint8"))
    (image,) = example_images(task, sample, resize="stretch")
    assert image.getpixel((128, 10)) == (200, 200, 200)


def test_frames_are_spread_over_the_clip(clip):
    """Six frames of a clip are shown, evenly spread from the first to the last."""
    assert grays(example_images(fresh_classifier(), clip)) == [0, 4, 8, 11, 15, 19]


def test_frames_are_those_of_the_sampling(clip):
    """Only the frames that `data.sampling` selects are shown, each of them once."""
    task = fresh_classifier("data.sampling={type: uniform, frames: 4}")
    assert grays(example_images(task, clip)) == task.sampling.test(np.arange(20) / 25)[0].tolist()


def test_vectors_are_shown_as_gray():
    """A sample of vectors is shown as a gray square."""
    task = fresh_classifier("encoder={type: vectors, width: 3}")
    (image,) = example_images(task, array_sample("a", np.zeros((5, 3), "float32")))
    assert image.getcolors() == [(256 * 256, (211, 211, 211))]
