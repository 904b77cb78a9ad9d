"""Selection of one clip per sample in training and of all clips in evaluation."""

import numpy as np

from lrcn_seq.data.clip_selection import ClipSelection, evaluation_clips, training_clips
from lrcn_seq.data.samplings import registry as samplings

TIMES = [np.arange(count) / 25 for count in (5, 20, 11)]
SLIDING = samplings.build({"type": "sliding", "length": 6, "stride": 2})
RANDOM = samplings.build({"type": "random_clip", "length": 4})


def test_evaluation_takes_every_window_of_every_sample():
    """Evaluation selects every sliding window of every sample."""
    clips = evaluation_clips(TIMES, SLIDING)
    assert [clip.sample for clip in clips] == [0] + [1] * 8 + [2] * 4
    assert clips[0].numbers.tolist() == [0, 1, 2, 3, 4]
    assert clips[2].numbers.tolist() == [2, 3, 4, 5, 6, 7]
    assert {clip.view for clip in clips} == {0}


def test_the_views_of_a_clip_follow_one_another():
    """All views of a clip are listed before the next clip."""
    clips = evaluation_clips(TIMES[:1] * 2, SLIDING, views=3)
    assert [(clip.sample, clip.view) for clip in clips] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
        (1, 2),
    ]


def drawn(seed: int, epoch: int, position: int = 1) -> list[int]:
    """Return the frame numbers of one training clip."""
    return training_clips(TIMES, RANDOM, seed=seed, epoch=epoch)(position).numbers.tolist()


def test_training_clips_depend_on_seed_epoch_and_sample():
    """The training clip of a sample depends on the seed, the epoch and the sample."""
    assert drawn(1, 3) == drawn(1, 3)
    assert len({str(drawn(1, epoch)) for epoch in range(20)}) > 5
    assert len({str(drawn(seed, 3)) for seed in range(20)}) > 5
    select = training_clips(TIMES[1:2] * 20, RANDOM, seed=1, epoch=3)
    assert len({str(select(position).numbers) for position in range(20)}) > 5


def test_training_draws_every_window():
    """Over many epochs, training selects a window at every possible start."""
    assert {drawn(1, epoch)[0] for epoch in range(200)} == set(range(17))


def test_a_selection_takes_all_frames_by_default():
    """By default, a selection has all frames and the first view."""
    assert ClipSelection(7) == (7, None, 0)
