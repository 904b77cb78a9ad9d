"""Ten fixed views."""

import numpy as np

from lrcn_seq.data.views import registry

FRAMES = np.random.default_rng(0).integers(0, 256, (2, 12, 16, 3), np.uint8)


def test_four_corners_and_the_center_and_their_mirrors():
    """Against slices written out."""
    views = registry.build({"type": "ten_crop"}).test(FRAMES, (10, 8))
    places = [
        FRAMES[:, :10, :8],
        FRAMES[:, :10, -8:],
        FRAMES[:, -10:, :8],
        FRAMES[:, -10:, -8:],
        FRAMES[:, 1:11, 4:12],
    ]
    assert len(views) == 10
    for view, expected in zip(views, places + [place[:, :, ::-1] for place in places], strict=True):
        np.testing.assert_array_equal(view, expected)


def test_training_takes_one_of_the_ten():
    """All of them come."""
    view = registry.build({"type": "ten_crop"})
    ten = {np.ascontiguousarray(window).tobytes() for window in view.test(FRAMES, (10, 8))}
    random = np.random.default_rng(1)
    assert {
        np.ascontiguousarray(view.train(FRAMES, (10, 8), random)).tobytes() for _ in range(200)
    } == ten
