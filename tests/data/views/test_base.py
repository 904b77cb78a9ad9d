"""Properties of all views and the transformations they share."""

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.views import registry
from lrcn_seq.data.views.base import crop, mirror, resize

FRAMES = np.random.default_rng(0).integers(0, 256, (2, 12, 16, 3), np.uint8)
NAMES = ["crop_mirror", "none", "ten_crop"]


def test_the_views_are_registered():
    """All views are tested in this module."""
    assert registry.names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_views_have_the_requested_size(name):
    """Views of frames that are read with the view's margin have the requested size."""
    view = registry.build({"type": name})
    frames = np.zeros((2, round(20 * view.margin), round(30 * view.margin), 3), np.uint8)
    training = view.train(frames, (20, 30), np.random.default_rng(0))
    for window in [training, *view.test(frames, (20, 30))]:
        assert window.shape == (2, 20, 30, 3)
        assert window.dtype == np.uint8


@pytest.mark.parametrize(("name", "count"), [("none", 1), ("crop_mirror", 1), ("ten_crop", 10)])
def test_the_number_of_test_views(name, count):
    """`test_view_count` is 10 for `ten_crop` and 1 for the other views."""
    assert registry.build({"type": name}).test_view_count == count


@pytest.mark.parametrize(
    ("down", "right", "top", "left"), [(0, 0, 0, 0), (1, 1, 4, 7), (0.5, 0.5, 2, 4), (0, 1, 0, 7)]
)
def test_crop_positions(down, right, top, left):
    """Crop position 0 is the top or left edge, and position 1 is the bottom or right edge."""
    np.testing.assert_array_equal(
        crop(FRAMES, (8, 9), down, right), FRAMES[:, top : top + 8, left : left + 9]
    )


def test_mirror_flips_columns():
    """Mirroring reverses the order of the columns of a frame."""
    flipped = mirror(FRAMES)
    for column in range(16):
        np.testing.assert_array_equal(flipped[:, :, column], FRAMES[:, :, 15 - column])


def test_mirrored_flow_is_negated_horizontally():
    """Mirroring flow negates the horizontal motion: pixel value 128 + x becomes 128 − x."""
    codes = np.arange(256, dtype=np.uint8)
    flow = np.stack([codes, codes, codes], axis=-1)[None, None]
    flipped = mirror(flow, "flow")[0, 0]
    expected = [min(256 - int(code), 255) for code in codes]
    assert flipped[::-1, 0].tolist() == expected
    assert flipped[::-1, 1].tolist() == flipped[::-1, 2].tolist() == codes.tolist()


def test_resize_is_bilinear():
    """Frames are resized bilinearly, as by Pillow."""
    resized = resize(FRAMES, (5, 7))
    for frame, result in zip(FRAMES, resized, strict=True):
        expected = Image.fromarray(frame).resize((7, 5), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(result, np.asarray(expected))


def test_resized_flow_is_scaled():
    """Flow components scale with their axis, the length by the geometric mean of both factors."""
    flow = np.full((1, 10, 10, 3), (128 + 16, 128 - 8, 128 + 18), np.uint8)
    assert resize(flow, (10, 20), "flow")[0, 3, 3].tolist() == [128 + 32, 128 - 8, 128 + 25]
    assert resize(flow, (40, 40), "flow")[0, 3, 3].tolist() == [128 + 64, 128 - 32, 128 + 72]


def test_resized_flow_is_limited_to_the_range_of_codes():
    """Pixel values of resized flow are limited to the range from 0 to 255."""
    flow = np.full((1, 10, 10, 3), (250, 10, 128), np.uint8)
    assert resize(flow, (40, 40), "flow")[0, 3, 3].tolist() == [255, 0, 128]
