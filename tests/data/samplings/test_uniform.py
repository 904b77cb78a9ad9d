"""The sampling `uniform`: frames spread evenly over the video."""

import numpy as np
import pytest

from lrcn_seq.data.samplings import registry


def build(**arguments):
    return registry.build({"type": "uniform", **arguments})


@pytest.mark.parametrize(
    ("count", "indices"),
    [(12, [1, 4, 7, 10]), (10, [1, 3, 6, 8]), (4, [0, 1, 2, 3]), (3, [0, 1, 2])],
)
def test_the_middle_of_each_segment_is_selected(count, indices):
    """The sampling `uniform` selects the middle frame of each segment."""
    (clip,) = build(frames=4).test(np.arange(count) / 10)
    assert clip.tolist() == indices


def test_the_middle_is_that_of_whole_frames():
    """The middle frames of segments differ from those of mmaction2 by at most one frame."""
    (clip,) = build(frames=16).test(np.arange(77) / 25)
    assert clip[:4].tolist() == [2, 6, 11, 16]
    starts = [77 * k // 16 for k in range(17)]
    assert clip.tolist() == [
        first + (after - first) // 2 for first, after in zip(starts, starts[1:], strict=False)
    ]
    others = ((np.arange(16) + 0.5) * 77 / 16).astype(int)
    assert others[:4].tolist() == [2, 7, 12, 16]
    assert abs(clip - others).max() == 1


def test_training_equals_testing_without_jitter():
    """Without jitter, training and testing select the same frames."""
    sampling, times = build(frames=4), np.arange(12) / 10
    assert sampling.train(times, np.random.default_rng(0)).tolist() == [1, 4, 7, 10]
    assert sampling.candidates(times).tolist() == [1, 4, 7, 10]


def test_jitter_selects_any_frame_of_each_segment():
    """With jitter, each frame of a segment is about equally frequent in training."""
    sampling, random = build(frames=3, jitter=True), np.random.default_rng(0)
    clips = np.array([sampling.train(np.arange(12) / 10, random) for _ in range(2000)])
    for segment, column in enumerate(clips.T):
        counts = np.bincount(column - 4 * segment)
        assert len(counts) == 4
        assert (abs(counts - 500) < 100).all()


def test_jitter_is_independent_between_segments():
    """With jitter, the positions of the selected frames in two segments are uncorrelated."""
    sampling, random = build(frames=2, jitter=True), np.random.default_rng(0)
    clips = np.array([sampling.train(np.arange(40) / 10, random) for _ in range(1000)])
    assert abs(np.corrcoef(clips.T)[0, 1]) < 0.15


def test_jitter_does_not_change_testing():
    """With jitter, testing still selects the middle frames, while all frames are candidates."""
    sampling, times = build(frames=3, jitter=True), np.arange(12) / 10
    assert [clip.tolist() for clip in sampling.test(times)] == [[2, 6, 10]]
    assert sampling.candidates(times).tolist() == list(range(12))
