"""The view `crop_mirror`: random crops in training and the center crop in testing."""

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.views import registry
from lrcn_seq.errors import ConfigError

FRAMES = np.random.default_rng(0).integers(0, 256, (3, 12, 15, 3), np.uint8)
PLACES = [(top, left) for top in range(3) for left in range(7)]
WINDOWS = {
    FRAMES[:, top : top + 10, left : left + 9].tobytes(): (top, left) for top, left in PLACES
}
MIRRORED = {
    np.ascontiguousarray(FRAMES[:, top : top + 10, left : left + 9][:, :, ::-1]).tobytes(): (
        top,
        left,
    )
    for top, left in PLACES
}


def build(**arguments):
    return registry.build({"type": "crop_mirror", **arguments})


def training_views(count: int, **arguments) -> list[bytes]:
    """Return the pixels of many training views of FRAMES with the size (10, 9)."""
    view, random = build(**arguments), np.random.default_rng(1)
    return [
        np.ascontiguousarray(view.train(FRAMES, (10, 9), random)).tobytes() for _ in range(count)
    ]


def test_half_of_the_training_views_are_mirrored():
    """The view `crop_mirror` mirrors half of the training views."""
    mirrored = np.mean([window in MIRRORED for window in training_views(4000)])
    assert abs(mirrored - 0.5) < 4 * (0.25 / 4000) ** 0.5


def test_training_windows_are_everywhere():
    """Training views are crops at every position, plain and mirrored."""
    windows = training_views(1000)
    assert {WINDOWS[window] for window in windows if window in WINDOWS} == set(PLACES)
    assert {MIRRORED[window] for window in windows if window in MIRRORED} == set(PLACES)
    assert all(window in WINDOWS or window in MIRRORED for window in windows)


def test_positions_are_uniform():
    """Crop positions are equally frequent, except that border positions are half as frequent."""
    places = [(WINDOWS | MIRRORED)[window] for window in training_views(4000)]
    tops, lefts = (np.bincount(values) / 4000 for values in zip(*places, strict=True))
    np.testing.assert_allclose(tops, [1 / 4, 1 / 2, 1 / 4], atol=0.035)
    np.testing.assert_allclose(lefts, [1 / 12, *[1 / 6] * 5, 1 / 12], atol=0.03)


def test_without_flip_no_view_is_mirrored():
    """With `flip: false`, no training view is mirrored."""
    assert all(window in WINDOWS for window in training_views(100, flip=False))


def test_testing_takes_the_center():
    """The test view of `crop_mirror` is the center crop."""
    (window,) = build().test(FRAMES, (10, 9))
    np.testing.assert_array_equal(window, FRAMES[:, 1:11, 3:12])


def test_frames_of_the_requested_size_are_not_cropped():
    """With a margin of 1, each crop is the whole frame."""
    (window,) = build(margin=1.0).test(FRAMES, (12, 15))
    np.testing.assert_array_equal(window, FRAMES)
    trained = build(margin=1.0, flip=False).train(FRAMES, (12, 15), np.random.default_rng(0))
    np.testing.assert_array_equal(trained, FRAMES)


def test_windows_of_every_scale_are_resized_to_the_requested_size():
    """Crops of several scales are resized to the requested size."""
    frames = np.zeros((2, 90, 120, 3), np.uint8)
    frames[..., 0], frames[..., 1] = np.arange(120) * 2, np.arange(90)[:, None] * 2
    view, random = build(margin=1.5, flip=False, scales=[1.5, 1.0, 0.5]), np.random.default_rng(0)
    widths = []
    for _ in range(90):
        window = view.train(frames, (60, 80), random)
        assert window.shape == (2, 60, 80, 3)
        np.testing.assert_array_equal(window[0], window[1])
        width, height = (np.ptp(window[0, ..., channel].astype(int)) / 2 for channel in (0, 1))
        np.testing.assert_allclose(width / height, 4 / 3, rtol=0.06)
        widths.append(width)
    expected = np.array([120, 80, 40]) - 1
    nearest = np.abs(np.array(widths)[:, None] - expected).argmin(axis=1)
    assert np.abs(np.array(widths) - expected[nearest]).max() < 1.5
    assert np.bincount(nearest).min() > 15


def test_a_scale_of_one_equals_no_scales():
    """A single scale of 1 gives the same crops as no scales."""
    for seed in range(5):
        np.testing.assert_array_equal(
            *(
                build(**arguments).train(FRAMES, (10, 9), np.random.default_rng(seed))
                for arguments in ({}, {"scales": [1.0]})
            )
        )


def test_enlarged_flow_moves_further():
    """If a crop of flow is enlarged, its motion is scaled too; RGB values are not."""
    flow = np.full((1, 60, 60, 3), (128 + 16, 128 - 8, 128 + 18), np.uint8)
    view = build(margin=1.5, flip=False, scales=[0.5])
    scaled = view.train(flow, (40, 40), np.random.default_rng(0), modality="flow")
    assert scaled[0, 7, 7].tolist() == [128 + 32, 128 - 16, 128 + 36]
    plain = view.train(flow, (40, 40), np.random.default_rng(0))
    assert plain[0, 7, 7].tolist() == [128 + 16, 128 - 8, 128 + 18]


def test_mirrored_flow_is_negated():
    """Mirroring negates the horizontal motion of training views; the test view is unchanged."""
    flow = np.full((1, 12, 12, 3), (160, 100, 170), np.uint8)
    view, random = build(), np.random.default_rng(0)
    trained = {
        tuple(view.train(flow, (10, 10), random, modality="flow")[0, 0, 0].tolist())
        for _ in range(40)
    }
    assert trained == {(160, 100, 170), (96, 100, 170)}
    assert view.test(flow, (10, 10), modality="flow")[0][0, 0, 0].tolist() == [160, 100, 170]


def test_crop_only_mirrored_resizes_the_other_clips():
    """With `crop_only_mirrored`, mirrored views are crops, and other views are whole frames."""
    whole = np.stack(
        [
            np.asarray(Image.fromarray(frame).resize((9, 10), Image.Resampling.BILINEAR))
            for frame in FRAMES
        ]
    ).tobytes()
    windows = training_views(200, crop_only_mirrored=True)
    assert all(window == whole or window in MIRRORED for window in windows)
    assert 60 < windows.count(whole) < 140


def test_scales_beyond_the_margin_are_refused():
    """A scale beyond the margin of the view raises a ConfigError."""
    with pytest.raises(
        ConfigError,
        match=r"scales: expected values of at most margin=1.15.* Received: scales=\[1.0, 1.5\]",
    ):
        build(scales=[1.0, 1.5])


def test_an_empty_list_of_scales_is_refused():
    """An empty list of scales raises a ConfigError that names the argument."""
    with pytest.raises(ConfigError, match=r"view.scales"):
        registry.build({"type": "crop_mirror", "scales": []}, place="view")
