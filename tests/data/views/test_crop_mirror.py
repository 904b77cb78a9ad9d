"""Random crops for training, the center for testing."""

import numpy as np

from lrcn_seq.data.views import registry

FRAMES = np.random.default_rng(0).integers(0, 256, (3, 12, 15, 3), np.uint8)
WINDOWS = {FRAMES[:, top : top + 10, left : left + 9].tobytes(): (top, left) for top in range(3) for left in range(7)}
MIRRORED = {np.ascontiguousarray(FRAMES[:, top : top + 10, left : left + 9][:, :, ::-1]).tobytes(): (top, left) for top in range(3) for left in range(7)}


def test_training_takes_every_window_plain_or_mirrored_about_equally():
    """All 21 places come, half of them mirrored, one choice for all frames."""
    view = registry.build({"type": "crop_mirror"})
    random = np.random.default_rng(1)
    plain, turned = [], []
    for _ in range(1000):
        window = np.ascontiguousarray(view.train(FRAMES, (10, 9), random)).tobytes()
        (plain if window in WINDOWS else turned).append((WINDOWS | MIRRORED)[window])
    assert set(plain) == set(turned) == set(WINDOWS.values())
    assert 400 < len(plain) < 600


def test_without_flip_nothing_is_mirrored():
    """For pictures in which left and right mean something."""
    view = registry.build({"type": "crop_mirror", "flip": False})
    random = np.random.default_rng(1)
    assert all(np.ascontiguousarray(view.train(FRAMES, (10, 9), random)).tobytes() in WINDOWS for _ in range(100))


def test_testing_takes_the_center():
    """One window, in the middle."""
    (window,) = registry.build({"type": "crop_mirror"}).test(FRAMES, (10, 9))
    np.testing.assert_array_equal(window, FRAMES[:, 1:11, 3:12])


def test_no_room_means_no_crop():
    """Frames of just the size are taken whole."""
    (window,) = registry.build({"type": "crop_mirror", "margin": 1.0}).test(FRAMES, (12, 15))
    np.testing.assert_array_equal(window, FRAMES)


def test_identity_holds_name_and_arguments():
    """It keys stored features."""
    assert registry.build({"type": "crop_mirror", "margin": 1.25}).identity == "crop_mirror(flip=True,margin=1.25)"
