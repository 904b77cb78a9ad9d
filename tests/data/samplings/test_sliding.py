"""The sampling `sliding`: overlapping clips over the whole video."""

import numpy as np
import pytest

from lrcn_seq.data.samplings import registry


def build(**arguments):
    return registry.build({"type": "sliding", **arguments})


@pytest.mark.parametrize(
    ("count", "starts"),
    [(40, [0, 8, 16, 24]), (43, [0, 8, 16, 24, 27]), (17, [0, 1]), (16, [0])],
)
def test_clips_cover_the_video_without_repetition(count, starts):
    """Sliding clips of 16 frames at stride 8 cover the video up to its last frame."""
    clips = build().test(np.arange(count) / 10)
    assert [clip.tolist() for clip in clips] == [list(range(start, start + 16)) for start in starts]


def test_a_short_video_is_one_clip():
    """A video that is shorter than the clip length is one clip."""
    assert [clip.tolist() for clip in build().test(np.arange(5) / 10)] == [[0, 1, 2, 3, 4]]


def test_frames_are_sampled_before_clips():
    """Length and stride of sliding clips are counted in sampled frames."""
    clips = build(length=3, stride=2, step=4).test(np.arange(20) / 10)
    assert [clip.tolist() for clip in clips] == [[0, 4, 8], [8, 12, 16]]
    clips = build(length=2, stride=1, seconds=0.5).test(np.arange(15) / 10)
    assert [clip.tolist() for clip in clips] == [[0, 5], [5, 10]]


def test_training_clips_start_at_any_sampled_frame():
    """Training clips may start at any sampled frame, independent of the stride."""
    sampling, random = build(length=4, step=2), np.random.default_rng(0)
    clips = np.array([sampling.train(np.arange(20) / 10, random) for _ in range(300)])
    assert (np.diff(clips, axis=1) == 2).all()
    assert set(clips[:, 0].tolist()) == {0, 2, 4, 6, 8, 10, 12}


@pytest.mark.parametrize("count", [1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 40, 43, 300])
def test_last_twice_reproduces_the_released_code(count):
    """With `last_twice`, sliding clips equal those of the released `classify_video.py`."""
    video = list(range(count))
    released = [
        video[start : start + 16] if start + 16 < count else video[-16:]
        for start in range(0, count, 8)
    ]
    clips = build(last_twice=True).test(np.arange(count) / 10)
    assert [clip.tolist() for clip in clips] == released
