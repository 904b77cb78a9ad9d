"""Which frames are looked at: against numbers written out, and laws that hold for every sampling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrcn_seq.data.samplings import registry

NAMES = ["every", "random_clip", "sliding", "uniform"]


def times(count: int, rate: float = 10.0) -> np.ndarray:
    return np.arange(count) / rate


def build(name: str, **arguments):
    return registry.build({"type": name, **arguments})


def listed(clips) -> list[list[int]]:
    return [clip.tolist() for clip in clips]


def test_uniform_takes_the_middle_of_equal_parts():
    """Four of twelve, four of ten, and all of three."""
    sampling = build("uniform", frames=4)
    assert listed(sampling.test(times(12))) == [[1, 4, 7, 10]]
    assert listed(sampling.test(times(10))) == [[1, 3, 6, 8]]
    assert listed(sampling.test(times(3))) == [[0, 1, 2]]


def test_uniform_jitter_takes_any_frame_of_each_part():
    """In training only, one from each third."""
    sampling, random = build("uniform", frames=3, jitter=True), np.random.default_rng(0)
    seen = np.array([sampling.train(times(12), random) for _ in range(300)])
    assert [set(column) for column in seen.T.tolist()] == [
        {0, 1, 2, 3},
        {4, 5, 6, 7},
        {8, 9, 10, 11},
    ]
    assert listed(sampling.test(times(12))) == [[2, 6, 10]]


def test_every_takes_each_third_or_what_each_moment_shows():
    """In frames, in seconds, with a bound; with a rate that varies, what counts is time."""
    assert listed(build("every", step=3).test(times(10))) == [[0, 3, 6, 9]]
    assert listed(build("every", step=3, most=2).test(times(10))) == [[0, 3]]
    assert listed(build("every", seconds=0.25).test(times(10))) == [[0, 2, 5, 7]]
    varying = np.array([0.0, 0.9, 1.1, 1.2, 2.0, 3.1])
    assert listed(build("every", seconds=1.0).test(varying)) == [[0, 1, 4]]


def test_seconds_give_equal_moments_whatever_the_frame_rate():
    """25 and 30 frames a second: the frames chosen are shown at the same times, within a frame."""
    for rate in (25.0, 29.97, 30.0, 60.0):
        clock = times(int(rate * 4), rate)
        (numbers,) = build("every", seconds=0.5).test(clock)
        np.testing.assert_allclose(clock[numbers], np.arange(8) * 0.5, atol=1 / rate)


def test_random_clips_begin_anywhere_and_are_neighbors():
    """Every start comes about equally often; the middle is taken in testing."""
    sampling, random = build("random_clip", length=4), np.random.default_rng(0)
    clips = np.array([sampling.train(times(10), random) for _ in range(700)])
    assert (np.diff(clips, axis=1) == 1).all()
    assert np.bincount(clips[:, 0]).min() > 60
    assert clips[:, 0].max() == 6
    assert listed(sampling.test(times(10))) == [[3, 4, 5, 6]]


def test_random_clips_with_a_step_reach_every_frame():
    """Three frames, four apart, from any first frame."""
    sampling, random = build("random_clip", length=3, step=4), np.random.default_rng(0)
    clips = np.array([sampling.train(times(16), random) for _ in range(400)])
    assert (np.diff(clips, axis=1) == 4).all()
    assert set(clips.reshape(-1).tolist()) == set(range(16))


def test_sliding_clips_cover_the_video_and_none_comes_twice():
    """Length 16 and stride 8 as in the paper; the last clip ends with the video."""
    sampling = build("sliding")
    assert [clip[0] for clip in sampling.test(times(40))] == [0, 8, 16, 24]
    assert [clip[0] for clip in sampling.test(times(43))] == [0, 8, 16, 24, 27]
    assert [clip[0] for clip in sampling.test(times(16))] == [0]
    assert listed(sampling.test(times(5))) == [[0, 1, 2, 3, 4]]


def test_the_released_code_counts_the_last_clip_twice():
    """Against its loop, written out: from every eighth frame, or the last sixteen where a clip would not end before the video does."""
    sampling = build("sliding", last_twice=True)
    for count in (1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 40, 43, 300):
        video = list(range(count))
        released = [
            video[start : start + 16] if start + 16 < count else video[-16:]
            for start in range(0, count, 8)
        ]
        assert listed(sampling.test(times(count))) == released
    assert [clip[0] for clip in sampling.test(times(40))] == [0, 8, 16, 24, 24]


@given(
    st.sampled_from(NAMES),
    st.integers(1, 60),
    st.integers(1, 20),
    st.tuples(st.integers(1, 5), st.booleans(), st.integers(0, 9)),
)
def test_laws_of_every_sampling(name, count, length, others):
    """Numbers exist, ascend, are among the candidates, and are never more than wanted."""
    step, by_time, seed = others
    arguments = {
        "uniform": {"frames": length, "jitter": by_time},
        "every": {"step": step, "most": length},
    }.get(name, {"length": length, "step": step})
    if by_time and name != "uniform":
        arguments["seconds"] = step * 0.13
    sampling = build(name, **arguments)
    candidates = sampling.candidates(times(count))
    assert candidates.tolist() == sorted(set(candidates.tolist()))
    for clip in [
        sampling.train(times(count), np.random.default_rng(seed)),
        *sampling.test(times(count)),
    ]:
        assert 1 <= len(clip) <= length
        assert (np.diff(clip) > 0).all()
        assert set(clip.tolist()) <= set(candidates.tolist()) <= set(range(count))


def test_there_are_four_samplings():
    """So that the laws above miss none."""
    assert registry.names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_same_chance_gives_the_same_clip(name):
    """Training can be resumed."""
    one, other = (build(name).train(times(100), np.random.default_rng([1, 2, 3])) for _ in range(2))
    np.testing.assert_array_equal(one, other)
