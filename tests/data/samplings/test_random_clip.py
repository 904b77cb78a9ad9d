"""The sampling `random_clip`: a random clip in training and the middle clip in testing."""

import numpy as np

from lrcn_seq.data.samplings import registry


def build(**arguments):
    return registry.build({"type": "random_clip", **arguments})


def test_training_clips_start_everywhere():
    """Training clips of consecutive frames start at every possible frame about equally often."""
    sampling, random = build(length=4), np.random.default_rng(0)
    clips = np.array([sampling.train(np.arange(10) / 10, random) for _ in range(700)])
    assert (np.diff(clips, axis=1) == 1).all()
    counts = np.bincount(clips[:, 0])
    assert len(counts) == 7
    assert counts.min() > 60


def test_training_clips_with_a_step_reach_every_frame():
    """With a step, training clips start at different frames, so all frames of the video occur."""
    sampling, random = build(length=3, step=4), np.random.default_rng(0)
    clips = np.array([sampling.train(np.arange(16) / 10, random) for _ in range(400)])
    assert (np.diff(clips, axis=1) == 4).all()
    assert set(clips.reshape(-1).tolist()) == set(range(16))


def test_training_clips_are_whole_where_one_fits():
    """If the video is long enough, training clips have full length and every start is possible."""
    sampling, random = build(length=4, step=5), np.random.default_rng(0)
    clips = np.array([sampling.train(np.arange(19) / 25, random) for _ in range(600)])
    assert clips.shape == (600, 4)
    assert (np.diff(clips, axis=1) == 5).all()
    counts = np.bincount(clips[:, 0])
    assert len(counts) == 4
    assert (abs(counts - 150) < 40).all()


def test_training_clips_in_seconds_are_whole_where_one_fits():
    """With a distance in seconds, training clips have full length and every start is possible."""
    random = np.random.default_rng(0)
    for count, starts in ((46, {0}), (48, {0, 1, 2}), (60, set(range(15)))):
        sampling, found = build(length=10, seconds=0.2), set()
        for _ in range(200):
            clip = sampling.train(np.arange(count) / 25, random)
            assert np.diff(clip).tolist() == [5] * 9
            found.add(int(clip[0]))
        assert found == starts


def test_frames_that_are_shown_longer_than_the_distance_make_whole_clips():
    """If frames are shown longer than the distance, training clips have consecutive frames."""
    sampling, random = build(length=6, seconds=0.05), np.random.default_rng(0)
    for _ in range(50):
        clip = sampling.train(np.arange(9) / 10, random)
        assert (np.diff(clip) == 1).all()
        assert len(clip) == 6


def test_testing_selects_the_middle_clip():
    """The test clip of `random_clip` is in the middle of the video."""
    assert [c.tolist() for c in build(length=4).test(np.arange(10) / 10)] == [[3, 4, 5, 6]]
    assert [c.tolist() for c in build(length=4).test(np.arange(11) / 10)] == [[3, 4, 5, 6]]
    assert [c.tolist() for c in build(length=2, step=3).test(np.arange(10) / 10)] == [[3, 6]]


def test_a_clip_has_16_consecutive_frames_by_default():
    """By default, `random_clip` selects 16 consecutive frames."""
    assert [clip.tolist() for clip in build().test(np.arange(20) / 25)] == [list(range(2, 18))]


def test_a_short_video_is_taken_whole():
    """A video that is shorter than the clip length is selected as a whole."""
    sampling, times = build(length=8), np.arange(3) / 10
    assert sampling.train(times, np.random.default_rng(0)).tolist() == [0, 1, 2]
    assert [clip.tolist() for clip in sampling.test(times)] == [[0, 1, 2]]


def test_streaming_shows_the_whole_video():
    """Streaming selects every `step`-th frame, or the frame at each multiple of `seconds`."""
    assert build(length=2, step=4).stream(np.arange(10) / 10).tolist() == [0, 4, 8]
    assert build(length=2, seconds=0.5).stream(np.arange(10) / 10).tolist() == [0, 5]
