"""Clip selection: one random clip per sample in training, all clips in testing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from lrcn_seq.data.samplings.base import Sampling


class ClipSelection(NamedTuple):
    """The frames of one clip.

    Attributes:
        sample: position of the sample in the data set.
        numbers: (T,) frame numbers; None for all frames, as for an image.
        view: index of the test view.
    """

    sample: int
    numbers: np.ndarray | None = None
    view: int = 0


SelectClip = Callable[[int], ClipSelection]
"""A function that returns the clip at a position of a plan."""


def training_clips(
    times: Sequence[np.ndarray], sampling: Sampling, *, seed: int, epoch: int
) -> SelectClip:
    """Return a function that draws the training clip of each sample in one epoch.

    The frames of a clip depend only on the seed, the epoch and the sample.

    Args:
        times: the frame times of each sample, (F,) in seconds.
        sampling: the sampling that draws the frame numbers.
        seed: the seed of the run.
        epoch: the epoch, from 0.
    """

    def select(position: int) -> ClipSelection:
        random = np.random.default_rng([seed, epoch, position, 1])
        return ClipSelection(position, sampling.train(times[position], random))

    return select


def evaluation_clips(
    times: Sequence[np.ndarray], sampling: Sampling, *, views: int = 1
) -> list[ClipSelection]:
    """Return all test clips, sample by sample; predictions for the clips of a sample are averaged.

    Args:
        times: the frame times of each sample, (F,) in seconds.
        sampling: the sampling that selects the frame numbers.
        views: number of test views per clip.
    """
    return [
        ClipSelection(sample, numbers, view)
        for sample, frame_times in enumerate(times)
        for numbers in sampling.test(frame_times)
        for view in range(views)
    ]
