"""The view `none`, which does not crop frames."""

import numpy as np

from lrcn_seq.data.views import registry

FRAMES = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), np.uint8)


def test_frames_are_unchanged():
    """The view `none` returns frames unchanged in training and testing."""
    view = registry.build({"type": "none"})
    assert view.margin == 1
    np.testing.assert_array_equal(view.train(FRAMES, (4, 4), np.random.default_rng(0)), FRAMES)
    (window,) = view.test(FRAMES, (4, 4))
    np.testing.assert_array_equal(window, FRAMES)
