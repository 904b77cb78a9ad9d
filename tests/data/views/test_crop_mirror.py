"""Random crops for training, the center for testing."""

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.views import registry
from lrcn_seq.errors import ConfigError

FRAMES = np.random.default_rng(0).integers(0, 256, (3, 12, 15, 3), np.uint8)
WINDOWS = {
    FRAMES[:, top : top + 10, left : left + 9].tobytes(): (top, left)
    for top in range(3)
    for left in range(7)
}
MIRRORED = {
    np.ascontiguousarray(FRAMES[:, top : top + 10, left : left + 9][:, :, ::-1]).tobytes(): (
        top,
        left,
    )
    for top in range(3)
    for left in range(7)
}


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
    assert all(
        np.ascontiguousarray(view.train(FRAMES, (10, 9), random)).tobytes() in WINDOWS
        for _ in range(100)
    )


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
    assert (
        registry.build({"type": "crop_mirror", "margin": 1.25}).identity
        == "crop_mirror(crop_only_mirrored=False,flip=True,margin=1.25,scales=None)"
    )


def test_scales_take_windows_of_every_side_and_bring_them_to_the_size():
    """A picture of its own coordinates shows which window was taken: its width, and that it lies inside."""
    frames = np.zeros((2, 90, 120, 3), np.uint8)
    frames[..., 0], frames[..., 1] = np.arange(120) * 2, np.arange(90)[:, None] * 2
    view, random, widths = (
        registry.build(
            {"type": "crop_mirror", "margin": 1.5, "flip": False, "scales": [1.5, 1.0, 0.5]}
        ),
        np.random.default_rng(0),
        [],
    )
    for _ in range(90):
        window = view.train(frames, (60, 80), random)
        assert window.shape == (2, 60, 80, 3)
        np.testing.assert_array_equal(window[0], window[1])
        across, down = (np.ptp(window[0, ..., channel].astype(int)) / 2 for channel in (0, 1))
        widths.append(across)
        np.testing.assert_allclose(across / down, 4 / 3, rtol=0.06)
    sides = np.array([120, 80, 40]) - 1
    nearest = np.abs(np.array(widths)[:, None] - sides).argmin(axis=1)
    assert np.abs(np.array(widths) - sides[nearest]).max() < 1.5
    assert np.bincount(nearest).min() > 15


def test_a_scale_of_one_is_a_plain_crop():
    """Of equal chance, equal windows: the scale is drawn last."""
    plain, scaled = (
        registry.build({"type": "crop_mirror", **more}) for more in ({}, {"scales": [1.0]})
    )
    for seed in range(5):
        np.testing.assert_array_equal(
            *(view.train(FRAMES, (10, 9), np.random.default_rng(seed)) for view in (plain, scaled))
        )


def test_enlarged_flow_moves_further():
    """A window of half the size shows twice the motion, once it is as large."""
    flow = np.full((1, 60, 60, 3), (128 + 16, 128 - 8, 128 + 18), np.uint8)
    view = registry.build({"type": "crop_mirror", "margin": 1.5, "flip": False, "scales": [0.5]})
    np.testing.assert_array_equal(
        view.train(flow, (40, 40), np.random.default_rng(0), modality="flow")[0, 7, 7],
        (128 + 32, 128 - 16, 128 + 36),
    )
    np.testing.assert_array_equal(
        view.train(flow, (40, 40), np.random.default_rng(0))[0, 7, 7], flow[0, 0, 0]
    )


def test_mirrored_flow_is_negated():
    """Half of the time in training, never in testing."""
    flow = np.full((1, 12, 12, 3), (160, 100, 170), np.uint8)
    view, random = registry.build({"type": "crop_mirror"}), np.random.default_rng(0)
    seen = {
        tuple(view.train(flow, (10, 10), random, modality="flow")[0, 0, 0].tolist())
        for _ in range(40)
    }
    assert seen == {(160, 100, 170), (96, 100, 170)}
    assert view.test(flow, (10, 10), modality="flow")[0][0, 0, 0].tolist() == [160, 100, 170]


def test_the_released_code_crops_only_what_it_mirrors():
    """Everything else is squeezed whole to the size."""
    view, random = (
        registry.build({"type": "crop_mirror", "crop_only_mirrored": True}),
        np.random.default_rng(1),
    )
    squeezed = np.stack(
        [
            np.asarray(Image.fromarray(frame).resize((9, 10), Image.Resampling.BILINEAR))
            for frame in FRAMES
        ]
    ).tobytes()
    seen = [np.ascontiguousarray(view.train(FRAMES, (10, 9), random)).tobytes() for _ in range(200)]
    assert all(window == squeezed or window in MIRRORED for window in seen)
    assert 60 < seen.count(squeezed) < 140


def test_scales_beyond_the_margin_are_refused():
    """Frames are not read that large."""
    with pytest.raises(
        ConfigError,
        match=r"scales: expected shares of at most margin=1.15.* Received: scales=\[1.5\]",
    ):
        registry.build({"type": "crop_mirror", "scales": [1.5]})
    with pytest.raises(ConfigError, match=r"view.scales"):
        registry.build({"type": "crop_mirror", "scales": []}, place="view")
