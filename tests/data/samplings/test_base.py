"""Properties of all samplings and the functions they share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrcn_seq.data.samplings import registry
from lrcn_seq.data.samplings.base import FrameGrid, Sampling, frame_grid, random_window

NAMES = ["every", "random_clip", "sliding", "uniform"]


class TwoClips(Sampling):
    """A sampling with two overlapping test clips."""

    def train(self, times, random):
        return np.arange(2)

    def test(self, times):
        return [np.array([2, 4, 6]), np.array([0, 4])]

    def candidates(self, times):
        return np.arange(8)


def test_streaming_shows_each_frame_of_the_test_clips_once():
    """By default, streaming shows the frames of all test clips in ascending order, each once."""
    assert TwoClips().stream(np.arange(8.0)).tolist() == [0, 2, 4, 6]


def test_a_grid_of_steps():
    """A grid with a step of three selects every third frame from the phase on."""
    times = np.arange(10) / 10
    assert frame_grid(times, 3).tolist() == [0, 3, 6, 9]
    assert frame_grid(times, 3, phase=0.7).tolist() == [2, 5, 8]


def test_a_grid_of_seconds():
    """A grid in seconds selects the frame shown at each multiple of the distance."""
    times = np.arange(10) / 10
    assert frame_grid(times, 1, seconds=0.25).tolist() == [0, 2, 5, 7]
    assert frame_grid(times, 1, seconds=0.4, phase=0.5).tolist() == [2, 6]


def test_a_grid_of_seconds_with_a_variable_frame_rate():
    """At a variable frame rate, a frame is shown until the next one."""
    times = np.array([0.0, 0.9, 1.1, 1.2, 2.0, 3.1])
    assert frame_grid(times, 1, seconds=1.0).tolist() == [0, 1, 4]


def test_a_grid_tolerates_rounded_timestamps():
    """A grid in seconds still selects a frame whose timestamp is half a millisecond late."""
    times = np.array([0.0, 0.5004, 1.0004])
    assert frame_grid(times, 1, seconds=0.5).tolist() == [0, 1, 2]


@pytest.mark.parametrize("phase", [0.0, 0.99])
def test_a_grid_of_a_short_video_has_one_frame(phase):
    """A grid whose distance exceeds the length of the video selects one frame."""
    times = np.arange(3) / 10
    assert len(frame_grid(times, 100, phase=phase)) == 1
    assert len(frame_grid(times, 1, seconds=10.0, phase=phase)) == 1


@given(
    st.lists(st.sampled_from([0.001, 1 / 30, 0.04, 0.5, 3.0]), max_size=40),
    st.integers(1, 6),
    st.sampled_from([None, 0.04, 0.1, 1 / 3, 0.5, 2.0]),
)
def test_a_grid_is_selected_frame_by_frame(steps, step, seconds):
    """Selection frame by frame gives the same frames as `frame_grid` for the whole video."""
    times = np.cumsum([0.0, *steps])
    grid, following = FrameGrid(step, seconds), [*times[1:], None]
    selected = [n for n in range(len(times)) if grid.selects(n, times[n], following[n])]
    assert selected == frame_grid(times, step, seconds=seconds).tolist()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("every", {"step": 3, "most": 2}),
        ("every", {"seconds": 0.25}),
        ("random_clip", {"step": 2}),
        ("random_clip", {"seconds": 0.3}),
        ("sliding", {"length": 4, "stride": 4, "step": 2}),
        ("sliding", {"length": 4, "stride": 3, "last_twice": True}),
    ],
)
def test_a_live_grid_selects_the_frames_of_the_stream(name, arguments):
    """`live_grid` selects, frame by frame, the frames that `stream` selects from a whole video."""
    sampling, times = registry.build({"type": name, **arguments}), np.arange(23) / 10
    following = [*times[1:], None]
    selected = [n for n in range(23) if sampling.live_grid.selects(n, times[n], following[n])]
    assert selected == sampling.stream(times).tolist()


def test_a_selection_that_needs_the_length_has_no_live_grid():
    """Samplings that depend on the length of the video have no live grid."""
    assert registry.build({"type": "uniform"}).live_grid is None
    assert registry.build({"type": "sliding", "length": 4, "stride": 5}).live_grid is None
    assert TwoClips().live_grid is None


def test_random_windows_start_everywhere():
    """Random windows are consecutive, and all starts are about equally frequent."""
    random = np.random.default_rng(0)
    indices = np.arange(0, 20, 2)
    windows = np.array([random_window(indices, 4, random) for _ in range(7000)])
    assert (np.diff(windows, axis=1) == 2).all()
    counts = np.bincount(windows[:, 0] // 2)
    assert len(counts) == 7
    assert (abs(counts - 1000) < 150).all()


def test_a_random_window_of_too_few_elements_has_all():
    """A random window that is longer than the array contains all elements."""
    assert random_window(np.arange(3), 5, np.random.default_rng(0)).tolist() == [0, 1, 2]


def test_the_samplings_are_registered():
    """All samplings are tested in this module."""
    assert registry.names() == NAMES


@given(
    st.sampled_from(NAMES),
    st.integers(1, 60),
    st.integers(1, 20),
    st.tuples(st.integers(1, 5), st.booleans(), st.integers(0, 9)),
)
def test_clips_are_ascending_and_among_the_candidates(name, count, length, others):
    """The frames of every clip are ascending and among the candidates of the sampling."""
    step, flag, seed = others
    arguments = {
        "uniform": {"frames": length, "jitter": flag},
        "every": {"step": step, "most": length},
    }.get(name, {"length": length, "step": step})
    if flag and name != "uniform":
        arguments["seconds"] = step * 0.13
    sampling, times = registry.build({"type": name, **arguments}), np.arange(count) / 10
    candidates = sampling.candidates(times)
    assert candidates.tolist() == sorted(set(candidates.tolist()))
    for clip in [sampling.train(times, np.random.default_rng(seed)), *sampling.test(times)]:
        assert 1 <= len(clip) <= length
        assert (np.diff(clip) > 0).all()
        assert set(clip.tolist()) <= set(candidates.tolist()) <= set(range(count))


@pytest.mark.parametrize("name", NAMES)
def test_equal_generators_give_equal_clips(name):
    """Equal random generators give equal training clips, so training can be resumed."""
    one, other = (
        registry.build({"type": name}).train(np.arange(100) / 10, np.random.default_rng([1, 2, 3]))
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("spec", "length"),
    [
        ({"type": "uniform", "frames": 5}, 5),
        ({"type": "every", "most": 6}, 6),
        ({"type": "every"}, None),
        ({"type": "random_clip", "length": 7}, 7),
        ({"type": "sliding", "length": 8}, 8),
    ],
)
def test_test_clips_have_at_most_the_stated_length(spec, length):
    """The largest number of frames of a test clip is that of a long video."""
    sampling = registry.build(spec)
    assert sampling.clip_length == length
    longest = max(map(len, sampling.test(np.arange(400) / 25)))
    assert longest == (400 if length is None else length)
