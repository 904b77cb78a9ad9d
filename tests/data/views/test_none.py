"""The whole frame."""

import numpy as np

from lrcn_seq.data.views import registry


def test_frames_are_left_alone():
    """In training and in testing."""
    view, frames = registry.build({"type": "none"}), np.ones((2, 4, 4, 3), np.uint8)
    assert view.margin == 1
    np.testing.assert_array_equal(view.train(frames, (4, 4), np.random.default_rng()), frames)
    np.testing.assert_array_equal(view.test(frames, (4, 4))[0], frames)


def test_every_view_gives_the_size_asked_for():
    """All registered views, in training and in testing; there are three."""
    names = registry.names()
    assert names == ["crop_mirror", "none", "ten_crop"]
    for name in names:
        view = registry.build({"type": name})
        frames = np.zeros((2, round(20 * view.margin), round(30 * view.margin), 3), np.uint8)
        for window in [
            view.train(frames, (20, 30), np.random.default_rng(0)),
            *view.test(frames, (20, 30)),
        ]:
            assert window.shape == (2, 20, 30, 3)
