"""The view `ten_crop`, which has ten fixed crops."""

from collections import Counter

import numpy as np

from lrcn_seq.data.views import registry

FRAMES = np.random.default_rng(0).integers(0, 256, (2, 12, 16, 3), np.uint8)


def test_testing_takes_corners_and_center_and_their_mirrors():
    """The ten test views are crops of the corners and the center, and their mirror images."""
    views = registry.build({"type": "ten_crop"}).test(FRAMES, (10, 8))
    windows = [
        FRAMES[:, :10, :8],
        FRAMES[:, :10, -8:],
        FRAMES[:, -10:, :8],
        FRAMES[:, -10:, -8:],
        FRAMES[:, 1:11, 4:12],
    ]
    assert len(views) == 10
    expected = windows + [window[:, :, ::-1] for window in windows]
    for view, window in zip(views, expected, strict=True):
        np.testing.assert_array_equal(view, window)


def test_training_takes_each_of_the_ten_equally_often():
    """Each of the ten crops makes up about a tenth of the training views."""
    view, random = registry.build({"type": "ten_crop"}), np.random.default_rng(1)
    ten = {np.ascontiguousarray(window).tobytes() for window in view.test(FRAMES, (10, 8))}
    counts = Counter(
        np.ascontiguousarray(view.train(FRAMES, (10, 8), random)).tobytes() for _ in range(3000)
    )
    assert set(counts) == ten
    assert all(abs(count - 300) < 75 for count in counts.values())


def test_mirrored_flow_is_negated():
    """The five mirrored views of flow have negated horizontal motion."""
    flow = np.full((1, 12, 12, 3), (160, 100, 170), np.uint8)
    windows = registry.build({"type": "ten_crop"}).test(flow, (10, 10), modality="flow")
    assert [window[0, 0, 0].tolist() for window in windows] == (
        [[160, 100, 170]] * 5 + [[96, 100, 170]] * 5
    )


def test_negation_can_be_disabled_in_testing():
    """With `negate_flow: false`, mirrored test views keep the motion, as in the released code."""
    flow = np.full((1, 12, 12, 3), (160, 100, 170), np.uint8)
    view = registry.build({"type": "ten_crop", "negate_flow": False})
    windows = view.test(flow, (10, 10), modality="flow")
    assert {tuple(window[0, 0, 0].tolist()) for window in windows} == {(160, 100, 170)}
    random = np.random.default_rng(0)
    trained = {
        tuple(view.train(flow, (10, 10), random, modality="flow")[0, 0, 0].tolist())
        for _ in range(40)
    }
    assert trained == {(160, 100, 170), (96, 100, 170)}
